#include "absolute_path.hpp"

#include <cstdlib>
#include <memory>

namespace carousel_mpi {

std::string absolute_path(const std::string& named) {
  const std::string path = named.empty() ? "." : named;
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace carousel_mpi
