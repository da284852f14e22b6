#include "bulk/row_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "bulk/cell.hpp"
#include "bulk/csv_reader.hpp"
#include "bulk/line_reader.hpp"
#include "catalog/identifier.hpp"
#include "catalog/values.hpp"
#include "json/document.hpp"
#include "json/text.hpp"

namespace larder::bulk {

namespace {

/// The rule of ids, as that of a reference to the resource (is_reachable has the rest).
Field id_field(const Resource& resource) {
    return {.name = "id",
            .type = Reference{.to = resource.name, .id = resource.id, .title = resource.title}};
}

/// What one row has given so far.
struct Given {
    std::vector<GivenValue> values = {};
    std::vector<const Field*> elsewhere = {};  // not among the values, and not missing
    std::vector<const Field*> nulls = {};      // of these, those that are null
    std::vector<FieldError> errors = {};
    ImportRow row = {};
};

std::expected<std::string, std::string> stored(const Field& field, const GivenValue& value) {
    return stored_text(field.type, value.member, value.raw);
}

/// Whether a path can lead to a record with this id (catalog/identifier.hpp).
bool is_reachable(const Field& id, std::string_view text) {
    return canonical_id(id.reference()->id, text).has_value();
}

/// An id, or a reference by a unique value.
void take_apart(const Column& column, const Field& id, const GivenValue& value, Given& given) {
    auto text = stored(column.is_id ? id : *column.by, value);
    if (column.is_id && text && !is_reachable(id, *text)) {
        text = std::unexpected("must be 0 or more, because no path leads to a negative id");
    }
    if (!column.is_id) given.elsewhere.push_back(column.field);
    if (!text) {
        given.errors.push_back({pointer_of(column), std::move(text.error())});
    } else if (column.is_id) {
        given.row.id = std::move(*text);
    } else {
        given.row.references.push_back(
            {.field = column.field, .by = column.by, .value = std::move(*text)});
    }
}

ChangeMode mode_of(const ImportRequest& request) {
    return request.on_conflict == OnConflict::update ? ChangeMode::replace : ChangeMode::create;
}

void add_errors(std::vector<FieldError>& to, Error error) {
    if (error.fields.empty()) to.push_back({"", std::move(error.detail)});
    std::ranges::move(error.fields, std::back_inserter(to));
}

/// `size`: of a record with its numbers written out.
std::optional<FieldError> too_large(const ImportRequest& request, std::size_t size) {
    if (size <= request.record_limit) return std::nullopt;
    return FieldError{"", fmt::format("would have over {} bytes", request.record_limit)};
}

/// `text`: of the row, which begins at this line.
bool hand_on(const ImportRequest& request, const RowReader::Sink& sink, Given given,
             std::uint64_t line, std::string_view text) {
    std::string original(request.keeps_originals ? text : std::string_view());
    if (!given.errors.empty()) {
        return sink.fail(
            {.line = line, .original = std::move(original), .errors = std::move(given.errors)});
    }
    given.row.line = line;
    given.row.original = std::move(original);
    given.row.size = text.size();
    return sink.take(std::move(given.row));
}

}  // namespace

/// Rows of CSV.
class RowReader::Csv {
public:
    Csv(const ImportRequest& request, const Sink& sink, std::optional<Error>& error)
        : request_(request),
          sink_(sink),
          error_(error),
          id_(id_field(*request.resource)),
          reader_(request.record_limit, [this](const CsvRecord& record) { return take(record); }) {}

    bool read(std::string_view bytes) { return reader_.read(bytes); }

    bool end() {
        if (!reader_.end()) return false;
        if (has_header_) return true;
        error_ = Error{.kind = ErrorKind::unprocessable,
                       .detail = "The file has no header line, which names the fields."};
        return false;
    }

private:
    bool take(const CsvRecord& record) {
        if (!has_header_) return take_header(record);
        Given given;
        if (!record.error.empty()) {
            given.errors.push_back({"", record.error});
        } else if (record.cells.size() != columns_.size()) {
            given.errors.push_back({"", fmt::format("has {} cells, and the header line has {}",
                                                    record.cells.size(), columns_.size())});
        } else {
            for (std::size_t at = 0; at < columns_.size(); ++at) {
                take_cell(columns_[at], record.cells[at], given);
            }
            check_growth(record, given);
            validate_into(given);
        }
        return hand_on(request_, sink_, std::move(given), record.line, record.original);
    }

    bool take_header(const CsvRecord& record) {
        has_header_ = true;
        if (!record.error.empty()) {
            error_ =
                Error{.kind = ErrorKind::bad_request,
                      .detail = fmt::format("The header line cannot be read: {}.", record.error)};
            return false;
        }
        std::vector<std::string_view> names;
        for (const auto& cell : record.cells) names.push_back(cell.text);
        auto columns = columns_of(request_, names);
        if (columns) {
            columns_ = std::move(*columns);
            return true;
        }
        error_ = Error{.kind = ErrorKind::unprocessable,
                       .detail = fmt::format("The header line (line {}) does not fit; nothing was"
                                             " imported.",
                                             record.line),
                       .fields = std::move(columns.error())};
        return false;
    }

    void take_cell(const Column& column, const CsvRecord::Cell& cell, Given& given) {
        if (column.is_ignored()) return;
        const Field& field = column.is_id ? id_ : column.by != nullptr ? *column.by : *column.field;
        const bool is_empty = cell.text.empty() && !(cell.is_quoted && has_empty_text(field));
        if (is_empty) {
            // A required one is left out; it may have a default, or a value in the record.
            if (column.is_id || column.field->required) return;
            given.values.push_back({.field = column.field});
            return;
        }
        auto value = value_of_cell(field, cell.text);
        if (!value) {
            given.errors.push_back({pointer_of(column), std::move(value.error())});
            // Else it would be missing, too.
            if (column.field != nullptr) given.elsewhere.push_back(column.field);
        } else if (column.is_id || column.by != nullptr) {
            take_apart(column, id_, *value, given);
        } else {
            given.values.push_back(std::move(*value));
        }
    }

    void check_growth(const CsvRecord& record, Given& given) const {
        std::size_t growth = 0;
        for (const GivenValue& value : given.values) growth += value.growth;
        if (auto error = too_large(request_, record.original.size() + growth)) {
            given.errors.push_back(std::move(*error));
        }
    }

    void validate_into(Given& given) const {
        auto change =
            validate(*request_.resource, mode_of(request_), given.values, given.elsewhere);
        if (change) {
            given.row.change = std::move(*change);
        } else {
            add_errors(given.errors, std::move(change.error()));
        }
    }

    const ImportRequest& request_;
    const Sink& sink_;
    std::optional<Error>& error_;
    const Field id_;
    bool has_header_ = false;
    std::vector<Column> columns_;
    CsvReader reader_;
};

/// Rows of NDJSON.
class RowReader::Ndjson {
public:
    Ndjson(const ImportRequest& request, const Sink& sink)
        : request_(request),
          sink_(sink),
          id_(id_field(*request.resource)),
          reader_(request.record_limit,
                  [this](const LineReader::Line& line) { return take(line); }) {}

    bool read(std::string_view bytes) { return reader_.read(bytes); }
    bool end() { return reader_.end(); }

private:
    bool take(const LineReader::Line& line) {
        Given given;
        if (line.is_too_long) {
            given.errors.push_back({"", fmt::format("has over {} bytes", request_.record_limit)});
        } else if (auto document = json::parse(line.text); !document) {
            given.errors.push_back({"", std::move(document.error())});
        } else if (document->root != json::Type::object) {
            given.errors.push_back({"", "must be a JSON object"});
        } else if (auto error = too_large(request_, line.text.size() + document->growth)) {
            given.errors.push_back(std::move(*error));
        } else {
            take_document(std::move(*document), line.text, given);
        }
        return hand_on(request_, sink_, std::move(given), line.number, line.text);
    }

    void take_document(json::Document document, std::string_view text, Given& given) const {
        const auto is_by_value = [&](const json::Member& member) {
            return member.name.contains('.') && !request_.resource->is_document();
        };
        if (const json::Member* id = document.find("id")) {
            take_member({.is_id = true}, *id, text, given);
        }
        for (const json::Member& member : document.members) {
            if (!is_by_value(member)) continue;
            const auto refuse = [&](std::string why) {
                given.errors.push_back({json::pointer("", member.name), std::move(why)});
            };
            const auto column = column_of(request_, member.name);
            if (!column) {
                refuse(column.error());
            } else if (column->by == nullptr) {
                refuse(fmt::format("is not known; {} itself is the id", column->field->name));
            } else if (document.find(column->field->name) != nullptr ||
                       std::ranges::find(given.elsewhere, column->field) != given.elsewhere.end()) {
                refuse("is given twice");
            } else {
                take_member(*column, member, text, given);
            }
        }
        std::erase_if(document.members, is_by_value);
        auto change =
            validate(*request_.resource, mode_of(request_), document, text, given.elsewhere);
        if (!change) return add_errors(given.errors, std::move(change.error()));
        given.row.change = std::move(*change);
        for (const Field* field : given.nulls) {
            given.row.change.assignments.push_back({field, std::nullopt});
        }
        std::ranges::sort(given.row.change.assignments, std::less<>(), &Assignment::field);
    }

    void take_member(const Column& column, const json::Member& member, std::string_view text,
                     Given& given) const {
        if (member.type == json::Type::null) {
            if (column.is_id) return;
            given.elsewhere.push_back(column.field);
            if (column.field->required) {
                given.errors.push_back({pointer_of(column), "must not be null"});
            } else {
                given.nulls.push_back(column.field);
            }
            return;
        }
        GivenValue value{.field = column.field,
                         .member = member,
                         .raw = std::string(json::raw_value(member, text))};
        take_apart(column, id_, value, given);
    }

    const ImportRequest& request_;
    const Sink& sink_;
    const Field id_;
    LineReader reader_;
};

RowReader::RowReader(const ImportRequest& request, Sink sink)
    : request_(request), sink_(std::move(sink)) {
    if (request.format == Format::csv) {
        csv_ = std::make_unique<Csv>(request, sink_, error_);
    } else {
        ndjson_ = std::make_unique<Ndjson>(request, sink_);
    }
}

RowReader::~RowReader() = default;

/// What no reading line by line would tell in words that help.
bool RowReader::check_start(std::string_view bytes) {
    if (std::exchange(is_begun_, true) || bytes.size() < 2) return true;
    const auto is = [&](std::string_view name) {
        error_ = Error{.kind = ErrorKind::bad_request,
                       .detail = fmt::format("The file is {}; save it as UTF-8.", name)};
        return false;
    };
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return is("UTF-16");
    if (bytes.starts_with("\x1F\x8B")) return is("compressed (gzip)");
    if (bytes.starts_with("PK\x03\x04")) return is("a ZIP archive, such as a spreadsheet");
    return true;
}

bool RowReader::read(std::string_view bytes) {
    if (error_ || bytes.empty()) return !error_;
    if (!check_start(bytes)) return false;
    return csv_ ? csv_->read(bytes) : ndjson_->read(bytes);
}

bool RowReader::end() {
    if (error_) return false;
    return csv_ ? csv_->end() : ndjson_->end();
}

}  // namespace larder::bulk
