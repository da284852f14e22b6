#pragma once

#include <string>

#include "observe/metrics_memory.hpp"

namespace larder {

/// The log of what nginx answers by itself, RUN_DIR/answers: one short line for each answer. nginx
/// only appends. The lines are counted here and then punched out of the file, so it takes no room
/// although its size grows. The position in the log and the counts change in one step: no line is
/// lost or counted twice when a process is killed.
///
/// A line is `METHOD PATH STATUS CACHE`, from nginx/answers.conf: the path is that of a list, or
/// `/.problem` where nginx has refused a request; CACHE is $upstream_cache_status, or nothing.

/// Makes the log if there is none, so that it belongs to this account and not to root's nginx.
/// Fails with a message for the operator.
std::expected<void, std::string> prepare_answer_log(const std::string& run_dir);

/// Counts what is new in the log. Does nothing where another process is at it, or where there is no
/// log. Fails with a message for the operator. Any thread.
std::expected<void, std::string> count_answers(MetricsMemory& memory, const std::string& run_dir);

}  // namespace larder
