#include "bulk/export_command.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <string_view>
#include <utility>

#include "api/list_form.hpp"
#include "bulk/import_command.hpp"
#include "bulk/progress.hpp"
#include "bulk/spreadsheet.hpp"
#include "query/parse.hpp"
#include "records/list.hpp"

namespace larder::bulk {

namespace {

using query::Form;

constexpr std::size_t buffer_size = 262144;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

void note(std::string_view what) { fmt::print(stderr, "larder-bulk: {}\n", what); }

int refuse(std::string_view why) {
    note(why);
    return wrong_usage;
}

/// By option, else by the name of the file, else CSV, or NDJSON where a record is any JSON object.
std::expected<Form, std::string> form_of(const ExportOptions& options, const Resource& resource) {
    const std::string_view name = options.file_name;
    const bool is_named_ndjson =
        name.ends_with(".ndjson") || name.ends_with(".jsonl") || name.ends_with(".json");
    Form form = is_named_ndjson || resource.is_document() ? Form::ndjson : Form::csv;
    if (options.format == "csv") form = Form::csv;
    if (options.format == "ndjson") form = Form::ndjson;
    if (!options.format.empty() && options.format != "csv" && options.format != "ndjson") {
        return std::unexpected("--format must be csv or ndjson");
    }
    if (form == Form::csv && resource.is_document()) {
        return std::unexpected(fmt::format(
            "a record of {} is any JSON object, which has no columns: use NDJSON", resource.name));
    }
    if (form != Form::csv && options.is_for_spreadsheet) {
        return std::unexpected("--spreadsheet is for CSV");
    }
    return form;
}

/// The standard output. What could not be written is kept as errno.
class Output {
public:
    /// False: it cannot be written any more.
    bool write(std::string_view text) {
        while (!text.empty() && error_ == 0) {
            const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) {
                error_ = errno;
            } else {
                text.remove_prefix(static_cast<std::size_t>(count));
            }
        }
        return error_ == 0;
    }

    /// A regular file is on the disk then.
    bool finish() {
        struct stat status{};
        const bool is_file = fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
        if (error_ == 0 && is_file && fsync(STDOUT_FILENO) != 0) error_ = errno;
        return error_ == 0;
    }

    int error() const { return error_; }

private:
    int error_ = 0;
};

class Export {
public:
    Export(const Resource& resource, const query::Query& query, bool is_for_spreadsheet)
        : form_(query.form),
          frame_(list_frame(resource, query, false)),
          is_for_spreadsheet_(is_for_spreadsheet) {
        if (is_for_spreadsheet) body_ = byte_order_mark;
        body_ += frame_.begin;
    }

    bool add(std::string_view record) {
        append_record(body_, form_, is_for_spreadsheet_ ? for_spreadsheet(record) : record);
        body_ += frame_.after_each;
        ++rows_;
        if (body_.size() < buffer_size) return true;
        progress_.show([this](auto elapsed) {
            return fmt::format("{} rows, {:.0f} rows/s", rows_,
                               static_cast<double>(rows_) / std::max(elapsed.count(), 0.001));
        });
        return flush();
    }

    bool end() {
        const bool is_written = flush() && output_.finish();
        progress_.end();
        return is_written;
    }

    int error() const { return output_.error(); }

private:
    bool flush() {
        const bool is_written = output_.write(body_);
        body_.clear();
        return is_written;
    }

    const Form form_;
    const ListFrame frame_;
    const bool is_for_spreadsheet_;
    Output output_;
    ProgressLine progress_;
    std::string body_;
    std::uint64_t rows_ = 0;
};

int tell_mistakes(const std::vector<FieldError>& mistakes) {
    for (const FieldError& one : mistakes) {
        note(fmt::format("--query: {} {}", one.parameter.value_or(""), one.detail));
    }
    return wrong_usage;
}

}  // namespace

int run_export(Services& services, const ExportOptions& options) {
    const auto resource = std::ranges::find(services.resources, options.resource, &Resource::name);
    if (resource == services.resources.end()) {
        return refuse(fmt::format("there is no resource '{}'", options.resource));
    }
    const auto list = std::ranges::find(resource->lists, options.list, &List::path);
    if (list == resource->lists.end()) {
        return refuse(fmt::format("{} has no list '{}'", resource->name, options.list));
    }
    const auto form = form_of(options, *resource);
    if (!form) return refuse(form.error());
    const auto query = query::parse(*resource, *list, options.query, *form);
    if (!query) return tell_mistakes(query.error());

    Backend backend(services);
    Export output(*resource, *query, options.is_for_spreadsheet);
    const auto read = read_list(
        backend, services.of(*resource), *list, *query, {}, [](const ListHead&) {},
        [&](std::string_view record) { return output.add(record); });
    const bool is_written = output.end();
    if (!read) {
        const Error& error = read.error();
        note(error.log.empty() ? error.detail : fmt::format("{} ({})", error.detail, error.log));
        return EXIT_FAILURE;
    }
    if (is_written) return EXIT_SUCCESS;
    note(fmt::format("the output cannot be written: {}", std::strerror(output.error())));
    return EXIT_FAILURE;
}

}  // namespace larder::bulk
