#pragma once

#include <expected>
#include <string>

namespace larder {

/// Tells the service manager that this process serves now, by the protocol of sd_notify(3): READY=1
/// to the datagram socket that NOTIFY_SOCKET names. Does nothing where that is not set, which is so
/// everywhere but under systemd and its like. Fails with a message for the log. Any thread, as long
/// as none changes the environment.
std::expected<void, std::string> notify_ready();

}  // namespace larder
