#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "control.hpp"
#include "fault.hpp"
#include "support/stack.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

/// The test's side of the file that it shares with larder-worker-faults. To be made before the
/// stack, and to outlive it. For one thread.
class ArmedWorker {
public:
    ArmedWorker() : path_(temporary_directory("larder-faults") / "control") {
        const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        // Of root's stack the parts run under another account.
        if (file >= 0) fchmod(file, 0666);
        void* mapped = MAP_FAILED;
        if (file >= 0 && ftruncate(file, sizeof(FaultControl)) == 0) {
            mapped =
                mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        }
        close(file);
        if (mapped == MAP_FAILED) throw std::runtime_error("no file for the faults");
        control_ = static_cast<FaultControl*>(mapped);
    }
    ~ArmedWorker() {
        munmap(control_, sizeof(FaultControl));
        std::error_code ignored;
        std::filesystem::remove_all(path_.parent_path(), ignored);
    }
    ArmedWorker(const ArmedWorker&) = delete;
    ArmedWorker& operator=(const ArmedWorker&) = delete;

    /// One worker with one store thread, so that a step makes the same calls each time.
    [[nodiscard]] Environment environment() const {
        return {{"LARDER_WORKER", program_directory() / "larder-worker-faults"},
                {"LARDER_FAULTS", path_},
                {"WORKERS", "1"},
                {"STORE_THREADS", "1"},
                {"STACK_SEED", "0"}};
    }

    /// Lets the call number `number` from now on fail, once. 0: none.
    void arm(Seam seam, Fault fault, std::uint64_t number) {
        strikes_before_ = control_->strikes;
        control_->armed =
            armed_word(static_cast<std::uint64_t>(fault), static_cast<std::uint64_t>(seam), number);
    }

    /// The text of the call that has failed since; empty: none has. No call fails from now on.
    std::string disarm() {
        control_->armed = 0;
        return control_->strikes == strikes_before_ ? std::string() : control_->struck;
    }

    [[nodiscard]] std::uint64_t calls(Seam seam) const {
        return control_->calls[static_cast<std::size_t>(seam)];
    }

private:
    std::filesystem::path path_;
    FaultControl* control_ = nullptr;
    std::uint32_t strikes_before_ = 0;
};

}  // namespace larder::test
