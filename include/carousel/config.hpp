#pragma once

// The one source of the version: CMake and the package files read these three lines.
#define CAROUSEL_VERSION_MAJOR 0
#define CAROUSEL_VERSION_MINOR 1
#define CAROUSEL_VERSION_PATCH 0
