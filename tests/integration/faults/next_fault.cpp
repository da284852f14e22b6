// What makes calls fail in larder-worker-faults: the test arms a fault in a file that it shares
// with the worker.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "control.hpp"
#include "fault.hpp"

namespace larder {

namespace {

using test::FaultControl;

/// Null: no file is named, and so no call fails.
FaultControl* map_control() {
    const char* const path = std::getenv("LARDER_FAULTS");
    if (path == nullptr) return nullptr;
    const int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) std::abort();
    void* const mapped =
        mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) std::abort();
    close(file);
    return static_cast<FaultControl*>(mapped);
}

}  // namespace

Fault next_fault(Seam seam, std::string_view call) {
    static FaultControl* const control = map_control();
    if (control == nullptr) return Fault::none;
    ++control->calls[static_cast<std::size_t>(seam)];
    std::uint64_t word = control->armed.load();
    for (;;) {
        const auto left = word & 0xffffffffU;
        if (left == 0 || (word >> 32U & 0xffU) != static_cast<std::uint64_t>(seam)) {
            return Fault::none;
        }
        if (control->armed.compare_exchange_weak(word, left == 1 ? 0 : word - 1)) {
            if (left > 1) return Fault::none;
            break;
        }
    }
    const auto length = std::min(call.size(), std::size(control->struck) - 1);
    *std::ranges::copy(call.substr(0, length), control->struck).out = '\0';
    ++control->strikes;
    return static_cast<Fault>(word >> 40U);
}

}  // namespace larder
