#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/change.hpp"
#include "fuzz/exact.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "json/decimal.hpp"

using namespace larder;

namespace {

using json::Member;
using json::Type;

constexpr std::size_t always_allowed = 65536;  // bytes that a short body may grow by

constexpr std::array modes = {ChangeMode::create, ChangeMode::replace, ChangeMode::merge_patch};

/// Those of the program and one with every kind of field.
const std::vector<Resource>& resources() {
    static const std::vector<Resource> all = [] {
        auto some = read_catalog(LARDER_RESOURCES).value();
        some.push_back(
            {.name = "boats",
             .title = "Boat",
             .fields = {{.name = "name", .type = Text{1, 4}},
                        {.name = "sign", .type = Text{1, 8, Alphabet::identifier}, .unique = true},
                        {.name = "length", .type = Decimal{.least = "0", .digits = 3}},
                        {.name = "berths", .type = Integer{-2, 12}, .required = false},
                        {.name = "port", .type = Text{0, 5}, .required = false}}});
        return some;
    }();
    return all;
}

std::size_t characters(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        std::size_t length = 1;
        while (!fuzz::is_utf8_text(text.substr(0, length))) ++length;
        text.remove_prefix(length);
        ++count;
    }
    return count;
}

bool fits(const Text& text, const Member& member) {
    if (member.type != Type::string) return false;
    const std::size_t count = characters(member.text);
    const bool is_free = text.alphabet == Alphabet::any;
    return count >= text.shortest && count <= text.longest &&
           (is_free || std::ranges::all_of(member.text, [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
            }));
}

bool fits(const Decimal& decimal, const Member& member) {
    if (member.type != Type::number || !is_storable(member.text)) return false;
    const fuzz::Exact value(member.text);
    MUST(decimal.least == "0" && decimal.most.empty() && decimal.digits && !decimal.scale);
    return !value.is_negative() &&
           value.is_under_power_of_ten(static_cast<unsigned>(*decimal.digits));
}

bool fits(const Integer& integer, const Member& member) {
    if (member.type != Type::number || !is_storable(member.text)) return false;
    const fuzz::Exact value(member.text);
    return value.is_whole() && value.is_under_power_of_ten(18) &&
           value.whole_value() >= integer.least && value.whole_value() <= integer.most;
}

/// No resource here has a field of another type: tests/unit/values.cpp has them.
template <class Other>
bool fits(const Other&, const Member&) {
    MUST(false);
    return false;
}

const Member* member_of(const fuzz::Judgement& body, std::string_view name) {
    const auto found = std::ranges::find(body.members, name, &Member::name);
    return found == body.members.end() ? nullptr : &*found;
}

/// Whether the body may say this of the field (contract, the tables of the resources).
bool is_allowed(const Field& field, ChangeMode mode, const Member* member) {
    if (member == nullptr) return !field.required || mode != ChangeMode::create;
    if (member->type == Type::null) return !field.required;
    return std::visit([&](const auto& type) { return fits(type, *member); }, field.type);
}

std::string pointer_to(std::string_view name) { return json::pointer("", name); }

std::set<std::string> expected_refusals(const Resource& resource, ChangeMode mode,
                                        const fuzz::Judgement& body) {
    std::set<std::string> refused;
    for (const Field& field : resource.fields) {
        if (!is_allowed(field, mode, member_of(body, field.name))) {
            refused.insert(pointer_to(field.name));
        }
    }
    for (const Member& member : body.members) {
        const bool is_known =
            member.name == "id" ||
            std::ranges::find(resource.fields, member.name, &Field::name) != resource.fields.end();
        if (!is_known) refused.insert(pointer_to(member.name));
    }
    return refused;
}

void check_assignment(const Assignment& assignment, const Member& member) {
    MUST(assignment.value.has_value() == (member.type != Type::null));
    if (!assignment.value) return;
    if (std::holds_alternative<Integer>(assignment.field->type)) {
        MUST(*assignment.value == std::to_string(fuzz::Exact(member.text).whole_value()));
    } else {
        MUST(*assignment.value == member.text);
    }
}

/// What is stored of a document: what was sent, with null for the `id`, and not much longer once
/// its numbers are written out.
void check_document(std::string_view document, const fuzz::Judgement& body, std::string_view text) {
    const Member* id = member_of(body, "id");
    if (id == nullptr) MUST(document == text);
    const auto stored = fuzz::judge(document);
    MUST(stored && stored->members.size() == body.members.size());
    for (std::size_t i = 0; i < body.members.size(); ++i) {
        MUST(stored->members[i].name == body.members[i].name);
        MUST(stored->members[i].type ==
             (&body.members[i] == id ? Type::null : body.members[i].type));
    }
    std::size_t written = document.size();
    for (const auto& number : stored->numbers) {
        MUST(is_storable(number.text));
        written += static_cast<std::size_t>(written_digits(number.text));
    }
    MUST(written <= 5 * text.size() + always_allowed);
}

void check_accepted(const Resource& resource, const Change& change, const fuzz::Judgement& body,
                    std::string_view text) {
    const bool is_only_id =
        std::ranges::all_of(body.members, [](const Member& one) { return one.name == "id"; });
    MUST(change.is_empty == is_only_id);
    if (resource.is_document()) {
        return check_document(change.document, body, text);
    }
    std::size_t sent = 0;
    for (const Field& field : resource.fields) sent += member_of(body, field.name) != nullptr;
    MUST(change.assignments.size() == sent);
    for (const Assignment& one : change.assignments) {
        const Member* member = member_of(body, one.field->name);
        MUST(member != nullptr);
        check_assignment(one, *member);
    }
}

void check_refused(const Resource& resource, ChangeMode mode, const Error& error,
                   const fuzz::Judgement& body) {
    MUST(error.kind == ErrorKind::unprocessable);
    std::set<std::string> refused;
    for (const FieldError& field : error.fields) {
        MUST(!field.detail.empty());
        MUST(refused.insert(field.pointer).second);
    }
    if (body.root != Type::object) {
        MUST(refused == std::set<std::string>{""});
    } else if (resource.is_document()) {
        MUST(!refused.empty());
    } else {
        MUST(refused == expected_refusals(resource, mode, body));
    }
}

/// Bytes that the body gets longer by once its numbers are written out, or too many.
bool grows_too_much(const fuzz::Judgement& body, std::size_t size) {
    std::size_t growth = 0;
    for (const auto& [pointer, text] : body.numbers) {
        if (pointer == "/id" || pointer.starts_with("/id/")) continue;
        if (!is_storable(text)) return true;
        const auto digits = static_cast<std::size_t>(written_digits(text));
        growth += digits > text.size() ? digits - text.size() : 0;
    }
    return growth > std::max(3 * size, always_allowed);
}

bool is_acceptable(const Resource& resource, ChangeMode mode, const fuzz::Judgement& body,
                   std::size_t size) {
    if (body.root != Type::object) return false;
    if (!resource.is_document()) return expected_refusals(resource, mode, body).empty();
    return !grows_too_much(body, size);
}

/// Without the space around it, which is no part of an element.
std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
    return text.substr(0, text.find_last_not_of(space) + 1);
}

/// In an array each body is judged as it is alone, but that the array is one level deeper, and
/// grows as a whole.
void check_in_array(const Resource& resource, const Expected<Change>& alone,
                    std::string_view input) {
    const std::string text(input);
    const auto array = validate_array(resource, '[' + text + ',' + text + ']');
    if (array) {
        MUST(alone && array->size() == 2);
        MUST(trimmed((*array)[1].document) == trimmed(alone->document));
        MUST((*array)[1].assignments.size() == alone->assignments.size());
        return;
    }
    std::set<std::string> refused;
    for (const FieldError& field : array.error().fields) {
        MUST(refused.insert(field.pointer).second);
    }
    if (array.error().kind == ErrorKind::bad_request) {
        MUST(refused.empty());
    } else if (alone) {
        MUST(refused == std::set<std::string>{""});
    } else {
        std::set<std::string> expected;
        for (const FieldError& field : alone.error().fields) {
            expected.insert("/0" + field.pointer);
            expected.insert("/1" + field.pointer);
        }
        MUST(refused == expected);
    }
}

}  // namespace

// A body, for every resource and every mode: the validation and the rules as the contract words
// them, in other arithmetic, come to the same end.
FUZZ_TARGET(bodies) {
    const auto body = fuzz::judge(input);
    for (const Resource& resource : resources()) {
        for (const ChangeMode mode : modes) {
            const auto change = validate(resource, mode, input);
            if (!body) {
                MUST(!change && change.error().kind == ErrorKind::bad_request);
                continue;
            }
            if (mode == ChangeMode::create) check_in_array(resource, change, input);
            MUST(change.has_value() == is_acceptable(resource, mode, *body, input.size()));
            if (change) {
                check_accepted(resource, *change, *body, input);
            } else {
                check_refused(resource, mode, change.error(), *body);
            }
        }
    }
}
