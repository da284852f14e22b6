#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <string>

#include "catalog/catalog.hpp"
#include "catalog/change.hpp"
#include "descriptions_directory.hpp"
#include "json/value.hpp"
#include "openapi/schema.hpp"

using namespace larder;

namespace {

struct Directory : DescriptionsDirectory {
    Directory() {
        write("customers", "uuid", "");
        write("invoices", "integer", R"(customer = { type = "reference", to = "customers" })");
    }
    void write(const std::string& name, const std::string& id, const std::string& fields) const {
        std::ofstream(directory.path() / (name + ".toml"))
            << "title = \"Record of " << name << "\"\nid = \"" << id << "\"\n[fields]\n"
            << "name = { type = \"text\" }\n"
            << fields << '\n';
    }
    /// One mistake, at this place of the file.
    void refused(const std::string& place, std::initializer_list<std::string> words) const {
        const std::string lines = messages();
        BOOST_TEST(std::ranges::count(lines, '\n') == 1, lines);
        BOOST_TEST(lines.starts_with(path(place) + ": "), lines);
        for (const auto& word : words) BOOST_TEST(lines.contains(word), lines);
    }
    std::vector<Resource> read() const {
        auto catalog = read_catalog(directory.path());
        BOOST_REQUIRE_MESSAGE(catalog, messages());
        return std::move(*catalog);
    }
};

const Resource& find(const std::vector<Resource>& all, std::string_view name) {
    return *std::ranges::find(all, name, &Resource::name);
}

/// What PostgreSQL is given for the first reference of a body; `!` and why where it is refused.
std::string stored_reference(const Resource& resource, const std::string& value) {
    const auto change = validate(resource, ChangeMode::replace, "{\"customer\": " + value + '}');
    if (!change) return '!' + change.error().fields.at(0).pointer;
    return change->assignments.at(0).value.value_or("null");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(references)

BOOST_FIXTURE_TEST_CASE(a_reference_has_the_type_of_the_id_that_it_leads_to, Directory) {
    write("lines", "integer", R"(customer = { type = "reference", to = "invoices" })");
    const auto all = read();
    const Reference& customer = *find(all, "invoices").fields.at(1).reference();
    BOOST_TEST((customer.id == IdType::uuid));
    BOOST_TEST(customer.title == "Record of customers");
    BOOST_TEST((customer.on_delete == OnDelete::restrict));
    const std::string upper = R"("6F1D2C3B-4A59-4E68-8B77-90A1B2C3D4E5")";
    BOOST_TEST(stored_reference(find(all, "invoices"), upper) ==
               "6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5");
    for (const auto* wrong : {"1", "\"1\"", "true", "null", "{}"}) {
        BOOST_TEST(stored_reference(find(all, "invoices"), wrong) == "!/customer", wrong);
    }
    BOOST_TEST(stored_reference(find(all, "lines"), "7") == "7");
    BOOST_TEST(stored_reference(find(all, "lines"), "7.0") == "7");
    for (const auto* wrong : {"9223372036854775808", "\"7\"", "7.5", "null"}) {
        BOOST_TEST(stored_reference(find(all, "lines"), wrong) == "!/customer", wrong);
    }
}

BOOST_FIXTURE_TEST_CASE(what_is_referred_to_has_to_be_described, Directory) {
    write("invoices", "integer", R"(customer = { type = "reference", to = "custmers" })");
    refused("invoices.toml:5:39", {"`customer` refers to `custmers`", "did you mean `customers`?"});
    write("invoices", "integer", R"(customer = { type = "reference", to = "boats" })");
    refused("invoices.toml:5:39", {"which no file describes", "add its file"});
    write("invoices", "integer", R"(customer = { type = "reference" })");
    refused("invoices.toml:5:12", {"refers to no resource", "to = \"customers\""});
    // A file with a mistake of its own is there, and its mistake is told once.
    write("customers", "uid", "");
    write("invoices", "integer", R"(customer = { type = "reference", to = "customers" })");
    refused("customers.toml:2:6", {"`uid`"});
}

BOOST_FIXTURE_TEST_CASE(an_action_has_rules, Directory) {
    const std::string head = R"(customer = { type = "reference", to = "customers", on_delete = )";
    write("invoices", "integer", head + "\"clear\" }");
    refused("invoices.toml:5:64", {"`clear`", "optional = true"});
    write("invoices", "integer", head + "\"clear\", optional = true }");
    BOOST_TEST(messages() == "");
    write("invoices", "integer", head + "\"clear\", optional = true, read_only = true }");
    BOOST_TEST(messages() == "");
    write("invoices", "integer", head + "\"cascad\" }");
    refused("invoices.toml:5:64", {"did you mean `cascade`?"});
    write("invoices", "integer", R"(customer = { type = "text", to = "customers" })");
    refused("invoices.toml:5:29", {"`to` is not a known key"});
}

BOOST_FIXTURE_TEST_CASE(a_circle_of_cascades_is_named, Directory) {
    const auto field = [](const std::string& to, const std::string& action) {
        return "up = { type = \"reference\", to = \"" + to + "\", on_delete = \"" + action +
               "\", optional = true }";
    };
    write("customers", "uuid", field("lines", "cascade"));
    write("invoices", "integer", field("customers", "cascade"));
    write("lines", "integer", field("invoices", "cascade"));
    refused("invoices.toml:5:58",
            {"customers.up → lines.up → invoices.up → customers", "`restrict` or `clear`"});
    for (const auto* action : {"clear", "restrict"}) {
        write("lines", "integer", field("invoices", action));
        BOOST_TEST(messages() == "");
    }
    write("lines", "integer", field("lines", "cascade"));
    refused("lines.toml:5:54", {"lines.up → lines;"});
    write("lines", "integer", field("lines", "clear"));
    BOOST_TEST(messages() == "");
}

BOOST_FIXTURE_TEST_CASE(a_default_is_an_id_of_the_other_resource, Directory) {
    const std::string head = R"(customer = { type = "reference", to = "customers", )";
    write("invoices", "integer", head + "default = 1 }");
    refused("invoices.toml:5:62", {"`default` breaks the rules", "UUID", "an id of `customers`"});
    write("invoices", "integer", head + "example = \"x\" }");
    refused("invoices.toml:5:62", {"`example` breaks the rules"});
    write("invoices", "integer",
          head +
              "default = \"6F1D2C3B-4A59-4E68-8B77-90A1B2C3D4E5\", example ="
              " \"0F1D2C3B-4A59-4E68-8B77-90A1B2C3D4E5\" }");
    const auto all = read();
    const Field& customer = find(all, "invoices").fields.at(1);
    BOOST_TEST(customer.fallback->stored == "6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5");
    BOOST_TEST(customer.fallback->json == "\"6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5\"");
    BOOST_TEST(customer.example == "\"0f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5\"");
}

BOOST_FIXTURE_TEST_CASE(a_resource_knows_who_refers_to_it, Directory) {
    write("invoices", "integer",
          R"(customer = { type = "reference", to = "customers", on_delete = "cascade" })");
    auto all = read();
    BOOST_TEST(find(all, "customers").referrers.at(0).resource == "invoices");
    BOOST_TEST(find(all, "customers").referrers.at(0).field == "customer");
    BOOST_TEST(find(all, "customers").removal_changes_others());
    BOOST_TEST(!find(all, "customers").removal_may_be_refused);
    BOOST_TEST(!find(all, "invoices").removal_changes_others());
    // What restricts below a cascade restricts above it.
    write("lines", "integer", R"(invoice = { type = "reference", to = "invoices" })");
    all = read();
    BOOST_TEST(find(all, "customers").removal_may_be_refused);
    BOOST_TEST(find(all, "invoices").removal_may_be_refused);
    BOOST_TEST(!find(all, "invoices").removal_changes_others());
    BOOST_TEST(!find(all, "lines").removal_may_be_refused);
    write("lines", "integer",
          R"(invoice = { type = "reference", to = "invoices", on_delete = "clear",)"
          R"( optional = true })");
    all = read();
    BOOST_TEST(!find(all, "customers").removal_may_be_refused);
    BOOST_TEST(find(all, "invoices").removal_changes_others());
}

BOOST_FIXTURE_TEST_CASE(it_is_in_the_openapi_document, Directory) {
    write("invoices", "integer",
          R"(customer = { type = "reference", to = "customers", on_delete = "cascade" }
next = { type = "reference", to = "invoices", on_delete = "clear", optional = true })");
    const auto all = read();
    std::string text;
    for (const auto& [name, schema] : openapi::resource_schemas(find(all, "invoices"))) {
        text += schema.text();
    }
    std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
    BOOST_TEST(text.contains(R"("customer":{"type":"string","format":"uuid","description":)"
                             R"("TheidofaRecordofcustomers.Thisrecordisremovedwithit."})"),
               text);
    BOOST_TEST(text.contains(R"("next":{"type":["integer","null"],"format":"int64")"), text);
    BOOST_TEST(text.contains("Itbecomesnullwhenthatisremoved."), text);
}

BOOST_AUTO_TEST_SUITE_END()
