#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "query/cursor.hpp"
#include "query/parse.hpp"
#include "query/text.hpp"
#include "store/statements.hpp"

using namespace larder;

namespace {

const Resource samples{
    .name = "samples",
    .title = "Sample",
    .fields = {{.name = "name", .type = Text{}, .filter = true, .sort = true, .search = true},
               {.name = "kind", .type = Enum{{"a", "b"}}, .filter = true, .sort = true},
               {.name = "size", .type = Decimal{}, .required = false, .filter = true, .sort = true},
               {.name = "number", .type = Integer{}, .filter = true, .sort = true},
               {.name = "rate", .type = Float{}, .required = false, .filter = true, .sort = true},
               {.name = "open", .type = Boolean{}, .filter = true},
               {.name = "day", .type = Date{}, .filter = true, .sort = true},
               {.name = "at", .type = Timestamp{}, .required = false, .filter = true, .sort = true},
               {.name = "due", .type = DateTime{}, .filter = true, .sort = true},
               {.name = "token", .type = Uuid{}, .filter = true, .sort = true},
               {.name = "of", .type = Reference{.to = "samples"}, .filter = true},
               {.name = "note", .type = Json{}, .required = false}},
    .lists = {{}, {.path = "some", .order = {"-size", "name"}}},
    .page = {.usual = 10, .most = 500}};
const Resource documents{.name = "items", .title = "Item", .id = IdType::uuid};
const Statements of_samples(samples);
const Statements of_documents(documents);

bool same(const query::Query& left, const query::Query& right) {
    const auto equal = [](const query::Filter& a, const query::Filter& b) {
        return a.field == b.field && a.comparison == b.comparison && a.values == b.values;
    };
    return std::ranges::equal(left.filters, right.filters, equal) && left.words == right.words &&
           left.order == right.order && left.members == right.members &&
           left.limit == right.limit && left.after == right.after &&
           left.is_counted == right.is_counted && left.key == right.key;
}

/// Every parameter that the text has is there, and no quote is open.
void check_statement(const Statement& statement) {
    MUST(std::ranges::count(statement.sql, '\'') % 2 == 0);
    MUST(std::ranges::all_of(statement.sql, [](char c) { return c >= ' ' && c <= '~'; }));
    for (std::size_t i = 1; i <= statement.values.size(); ++i) {
        MUST(statement.sql.contains('$' + std::to_string(i)));
        MUST(fuzz::is_utf8_text(statement.values[i - 1].value_or("")));
    }
    MUST(!statement.sql.contains('$' + std::to_string(statement.values.size() + 1)));
}

void check_errors(const std::vector<FieldError>& errors) {
    MUST(!errors.empty() && errors.size() <= 50);
    for (const FieldError& error : errors) {
        MUST(!error.detail.empty() && error.detail.size() < 3000 && error.pointer.empty());
        MUST(error.parameter && fuzz::is_utf8_text(*error.parameter));
        MUST(fuzz::is_utf8_text(error.detail));
        MUST(std::ranges::count(errors, error.parameter, &FieldError::parameter) == 1);
    }
}

void check_query(const Resource& resource, const Statements& statements, const List& list,
                 std::string_view text) {
    const auto query = query::parse(resource, list, text);
    if (!query) return check_errors(query.error());
    MUST(std::ranges::all_of(query->key, [](char c) { return c > ' ' && c <= '~' && c != '>'; }));
    const auto again = query::parse(resource, list, query->key);
    MUST(again && again->is_kept && same(*query, *again));
    check_statement(statements.list(list, *query, query->limit));
    check_statement(statements.count(list, *query));
    if (query->limit == 0) return;
    check_statement(statements.end_of_page(list, *query));

    // The link of a page of it leads on.
    query::Query next = *query;
    query::Position position(query->order.size(), "1");
    position.front() = query->order.size() > 1 ? std::nullopt : position.front();
    const auto link = query::next_link("/x", resource, list, *query, position);
    MUST(link.has_value());
    const auto followed = query::parse(resource, list, link->substr(4, link->find('>') - 4));
    MUST(followed && followed->after == position && followed->text == query->text);
    check_statement(statements.list(list, *followed, query->limit));
}

void check_cursor(std::string_view text) {
    constexpr std::string_view binding = "a list";
    if (const auto position = query::position_of(text, binding, 1)) {
        MUST(query::cursor_of(*position, binding) == text);
    }
    if (!fuzz::is_utf8_text(text) || text.contains('\0') || text.size() > 60000) return;
    const query::Position position = {std::nullopt, std::string(text), std::string(text)};
    const std::string cursor = query::cursor_of(position, binding);
    MUST(query::position_of(cursor, binding, 3) == position);
    MUST(!query::position_of(cursor, binding, 2));
    MUST(!query::position_of(cursor, "another list", 3));
    MUST(!query::position_of(cursor + "A", binding, 3));
}

}  // namespace

// The parameters of lists, the SQL that they become, and their cursors.
FUZZ_TARGET(query) {
    for (const List& list : samples.lists) check_query(samples, of_samples, list, input);
    check_query(documents, of_documents, documents.lists.front(), input);
    check_cursor(input);
}
