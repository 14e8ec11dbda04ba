#include "support/make_runtime.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"

namespace carousel::test {
namespace {

std::string_view chosen() noexcept {
  const char* name = std::getenv("CAROUSEL_TEST_KERNEL");
  return name != nullptr ? name : "";
}

}  // namespace

bool on_fake_kernel() noexcept { return chosen().starts_with("fake"); }

std::unique_ptr<sys::kernel> make_kernel() {
  if (!on_fake_kernel()) return sys::make_linux_kernel();
  const std::string_view name = chosen();
  fake::kernel_options options;
  if (const auto colon = name.find(':'); colon != name.npos) {
    std::uint64_t seed = 0;
    std::from_chars(name.data() + colon + 1, name.data() + name.size(), seed);
    options = fake::kernel_options::benign(seed);
  }
  return std::make_unique<fake::kernel>(options);
}

result<runtime> make_runtime(runtime_options options) {
  return detail::runtime_access::make(make_kernel(), options);
}

}  // namespace carousel::test
