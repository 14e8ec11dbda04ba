# The files of the build. `scripts/check_sources.py --fix` writes these lists.

set(carousel_rocksdb_sources
    src/async_read.cpp
    src/async_reader.cpp
    src/counters.cpp
    src/file_mark.cpp
    src/file_system.cpp
    src/fork_count.cpp
    src/io_error.cpp
    src/lease_lender.cpp
    src/open_file.cpp
    src/overwriting.cpp
    src/random_access_file.cpp
    src/read_ahead.cpp
    src/read_progress.cpp
    src/registration.cpp
    src/thread_ring.cpp)
