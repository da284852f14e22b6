#include "bulk/import_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "bulk/error_report.hpp"
#include "bulk/importer.hpp"
#include "bulk/progress.hpp"
#include "records/write.hpp"

namespace larder::bulk {

namespace {

constexpr std::size_t buffer_size = 262144;
constexpr std::size_t most_shown = 20;

void note(std::string_view what) { fmt::print(stderr, "larder-bulk: {}\n", what); }

int refuse(std::string_view why, int status) {
    note(why);
    return status;
}

bool ends_with_one_of(std::string_view name, std::initializer_list<std::string_view> endings) {
    return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

/// By option, else by the name of the file, else CSV, or NDJSON where a record is any JSON object.
std::expected<Format, std::string> format_of(const ImportOptions& options,
                                             const Resource& resource) {
    const bool is_ndjson =
        options.format.empty()
            ? ends_with_one_of(options.file_name, {".ndjson", ".jsonl", ".json"}) ||
                  (resource.is_document() && !options.file_name.ends_with(".csv"))
            : options.format == "ndjson";
    if (!options.format.empty() && options.format != "csv" && !is_ndjson) {
        return std::unexpected("--format must be csv or ndjson");
    }
    if (resource.is_document() && !is_ndjson) {
        return std::unexpected(fmt::format(
            "a record of {} is any JSON object, which has no columns: use NDJSON", resource.name));
    }
    return is_ndjson ? Format::ndjson : Format::csv;
}

std::string text_of(const FieldError& error) {
    if (error.parameter) {
        std::string option = *error.parameter;
        std::ranges::replace(option, '_', '-');
        return fmt::format("--{} {}", option, error.detail);
    }
    if (error.pointer.empty()) return error.detail;
    return fmt::format("{} {}", error.pointer.substr(1), error.detail);
}

/// The size of a regular file; 0: it is none.
std::uint64_t size_of_input() {
    struct stat status{};
    const bool is_file = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// The descriptor that gets the rows that fail; -1: none does. A file is emptied, for all else is
/// in order by now.
std::expected<int, std::string> open_report(const ImportOptions& options) {
    int errors = options.errors_descriptor.value_or(-1);
    if (!options.errors_file.empty()) {
        errors = open(options.errors_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (errors < 0) {
            return std::unexpected(
                fmt::format("{} cannot be written: {}", options.errors_file, std::strerror(errno)));
        }
    }
    struct stat report{};
    if (errors < 0 || fstat(errors, &report) != 0 || !S_ISREG(report.st_mode)) return errors;
    struct stat input{};
    if (fstat(STDIN_FILENO, &input) == 0 && input.st_dev == report.st_dev &&
        input.st_ino == report.st_ino) {
        return std::unexpected("the file of --errors is the one that is imported");
    }
    if (ftruncate(errors, 0) == 0) return errors;
    return std::unexpected(
        fmt::format("the file of --errors cannot be emptied: {}", std::strerror(errno)));
}

/// False: the file cannot be read.
bool read_input(Importer& importer, Progress& progress) {
    std::vector<char> buffer(buffer_size);
    std::uint64_t total = 0;
    for (;;) {
        const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count == 0;
        const auto size = static_cast<std::size_t>(count);
        if (!importer.read({buffer.data(), size})) return true;
        total += size;
        progress.show(importer.counts(), total);
    }
}

/// What HTTP has as a parameter is an option here.
std::string at_the_prompt(std::string text) {
    constexpr std::string_view parameter = "on_conflict=skip";
    if (const auto at = text.find(parameter); at != text.npos) {
        text.replace(at, parameter.size(), "--on-conflict skip");
    }
    return text;
}

int tell_failure(const Error& error) {
    const auto detail = at_the_prompt(error.detail);
    note(error.log.empty() ? detail : fmt::format("{} ({})", detail, error.log));
    for (const FieldError& one : error.fields) note(text_of(one));
    return not_all_imported;
}

void print_result(const ImportResult& result, const ImportOptions& options) {
    if (options.is_json) {
        fmt::print("{}\n", result.json());
        return;
    }
    const ImportCounts& counts = result.counts;
    for (std::size_t at = 0; at < std::min(most_shown, result.errors.size()); ++at) {
        const LineError& one = result.errors[at];
        note(fmt::format("line {}: {}", one.line, text_of(one.error)));
    }
    if (result.errors.size() > most_shown) note("… and more; --errors FILE gets all of them");
    fmt::print("created {}, changed {}, skipped {}, failed {}{}\n", counts.created, counts.changed,
               counts.skipped, counts.failed,
               options.is_trial       ? " (a trial: nothing was written)"
               : !result.is_committed ? " (nothing was written)"
                                      : "");
}

}  // namespace

int run_import(Services& services, const ImportOptions& options) {
    const auto resource = std::ranges::find(services.resources, options.resource, &Resource::name);
    if (resource == services.resources.end()) {
        return refuse(fmt::format("there is no resource '{}'", options.resource), wrong_usage);
    }
    if (!resource->can_create) {
        return refuse(fmt::format("{} can have no new records", resource->name), wrong_usage);
    }
    const auto format = format_of(options, *resource);
    if (!format) return refuse(format.error(), wrong_usage);
    ImportRequest request{.resource = &*resource,
                          .resources = services.resources,
                          .format = *format,
                          .is_all = options.is_all,
                          .is_trial = options.is_trial,
                          .record_limit = largest_record(
                              static_cast<std::size_t>(services.settings.body_limit_bytes))};
    const auto mistakes = take_choices(options.choices, request);
    for (const FieldError& mistake : mistakes) note(text_of(mistake));
    if (!mistakes.empty()) return wrong_usage;

    const auto errors = open_report(options);
    if (!errors) return refuse(errors.error(), wrong_usage);
    std::optional<ErrorReport> report;
    if (*errors >= 0) report.emplace(*errors);
    request.keeps_originals = report.has_value();

    Progress progress(size_of_input());
    Importer importer(services, request, [&](const FailedRow& row) {
        if (report) report->add(row);
    });
    if (!read_input(importer, progress)) {
        progress.end();
        return refuse(fmt::format("the file cannot be read: {}; what was read before is imported,"
                                  " unless with --all",
                                  std::strerror(errno)),
                      not_all_imported);
    }
    const auto result = importer.finish();
    progress.end();
    if (report && !report->finish()) note("the report of errors could not be written");
    if (!result) return tell_failure(result.error());
    print_result(*result, options);
    const bool is_printed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    return is_printed && result->counts.failed == 0 ? all_imported : not_all_imported;
}

}  // namespace larder::bulk
