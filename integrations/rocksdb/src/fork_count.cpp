#include "fork_count.hpp"

#include <pthread.h>

namespace carousel_rocksdb {

namespace {

unsigned forks = 0;
const int forks_are_counted = pthread_atfork(nullptr, nullptr, [] { ++forks; });

}  // namespace

unsigned fork_count() noexcept { return forks; }

}  // namespace carousel_rocksdb
