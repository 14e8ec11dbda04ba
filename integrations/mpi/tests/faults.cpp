// What no rank can be asked for, in a library that is loaded before the MPI and the C library:
//
//   FAULT_SHORT=RANK   the messages of that rank are a byte shorter than it has sent them, as if it
//                      were another program
//   FAULT_THROW=TEXT   in the rank that opens what is there and has TEXT in its name the next
//                      allocation fails, of FAULT_BYTES at least
//   FAULT_SEEKS=FILE   the file gets a byte for each time that data is looked for with SEEK_DATA
//   FAULT_THREADS=1    MPI provides no threads; which level was asked for is said on stderr
#include <dlfcn.h>
#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local bool throws_next = false;

}  // namespace

extern "C" {

int MPI_Isend(const void* what, int count, MPI_Datatype type, int to, int tag, MPI_Comm all,
              MPI_Request* request) {
  static const char* const wanted = std::getenv("FAULT_SHORT");
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const bool is_short = wanted != nullptr && std::atoi(wanted) == rank;
  return PMPI_Isend(what, is_short ? count - 1 : count, type, to, tag, all, request);
}

int MPI_Init_thread(int* argc, char*** argv, int asked, int* provided) {
  const int done = PMPI_Init_thread(argc, argv, asked, provided);
  if (std::getenv("FAULT_THREADS") == nullptr) return done;
  std::fprintf(stderr, "asked for %s\n",
               asked == MPI_THREAD_FUNNELED ? "MPI_THREAD_FUNNELED" : "another level");
  *provided = MPI_THREAD_SINGLE;
  return done;
}

int openat(int where, const char* name, int flags, ...) {
  using call = int (*)(int, const char*, int, ...);
  static const auto real = reinterpret_cast<call>(::dlsym(RTLD_NEXT, "openat"));
  static const char* const wanted = std::getenv("FAULT_THROW");
  const bool is_there = (flags & O_CREAT) == 0;
  if (wanted != nullptr && is_there && std::strstr(name, wanted) != nullptr) throws_next = true;
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return real(where, name, flags, mode);
}

off_t lseek(int fd, off_t at, int from) noexcept {
  using call = off_t (*)(int, off_t, int);
  static const auto real = reinterpret_cast<call>(::dlsym(RTLD_NEXT, "lseek"));
  static const char* const told = std::getenv("FAULT_SEEKS");
  if (told != nullptr && from == SEEK_DATA) {
    const int to = ::open(told, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (::write(to, "", 1) != 1) std::abort();
    ::close(to);
  }
  return real(fd, at, from);
}

off_t lseek64(int fd, off_t at, int from) noexcept { return lseek(fd, at, from); }

int openat64(int where, const char* name, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return openat(where, name, flags, mode);
}
}

void* operator new(std::size_t bytes) {
  static const char* const least = std::getenv("FAULT_BYTES");
  if (throws_next && (least == nullptr || bytes >= std::strtoul(least, nullptr, 10))) {
    throws_next = false;
    throw std::bad_alloc();
  }
  void* const made = std::malloc(bytes == 0 ? 1 : bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }
