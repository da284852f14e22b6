// That the document is valid OpenAPI, and true, is for tests/web to show.
#include "api/description.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/identifier.hpp"
#include "json/document.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"
#include "resources.hpp"

using namespace larder;

namespace {

std::vector<Resource> all_and_invented() {
    std::vector<Resource> all = resources();
    all.push_back(invented_resource());
    return all;
}

std::string compact(std::string text) {
    std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
    return text;
}

void check_valid(const Resource& resource, ChangeMode mode, const json::Value& example) {
    const auto change = validate(resource, mode, example.text());
    BOOST_TEST(change.has_value(), resource.name << " refuses " << example.text());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openapi_document)

BOOST_AUTO_TEST_CASE(it_is_json_with_a_path_for_every_route) {
    const std::string text = openapi::document(all_and_invented());
    const auto parsed = json::parse(text);
    BOOST_REQUIRE(parsed);
    BOOST_TEST(parsed->find("openapi")->text == "3.1.0");
    for (const auto* path :
         {"/employees", "/employees/high-salary", "/employees/{id}", "/items/{id}", "/boats",
          "/boats/long", "/boats/{id}", "/", "/user", "/user/{name}", "/health", "/metrics",
          "/cache/clear", "/openapi.json", "/docs", "/redoc"}) {
        BOOST_TEST(text.contains("\n    \"" + std::string(path) + "\": {"), path);
    }
}

BOOST_AUTO_TEST_CASE(a_server_takes_the_examples) {
    for (const Resource& resource : all_and_invented()) {
        check_valid(resource, ChangeMode::create, openapi::create_example(resource));
        check_valid(resource, ChangeMode::replace, openapi::replace_example(resource));
        check_valid(resource, ChangeMode::merge_patch, openapi::patch_example(resource));
        const std::string id = openapi::id_example(resource.id).text();
        BOOST_TEST(
            canonical_id(resource.id, id[0] == '"' ? id.substr(1, id.size() - 2) : id).has_value());
    }
}

BOOST_AUTO_TEST_CASE(an_example_can_be_sent_again_where_that_is_possible) {
    const std::string employee = compact(openapi::create_example(resource("employees")).text());
    BOOST_TEST(employee == R"({"name":"Alice","salary":70000,"department":"Engineering"})");
    const std::string boat = compact(openapi::create_example(invented_resource()).text());
    BOOST_TEST(boat == R"({"name":"Somename","sign":"sign-1","length":24.90,"berths":1})");
}

BOOST_AUTO_TEST_CASE(rules_of_fields_become_schemas) {
    const auto schemas = openapi::resource_schemas(invented_resource());
    BOOST_REQUIRE(schemas.size() == 3U);
    BOOST_TEST(schemas[0].first == "Boat");
    BOOST_TEST(schemas[1].first == "NewBoat");
    BOOST_TEST(schemas[2].first == "BoatChange");
    const std::string created = compact(schemas[1].second.text());
    for (const auto* rule :
         {R"("name":{"type":"string","minLength":1,"maxLength":10})",
          R"("pattern":"^[A-Za-z0-9._-]*$")",
          R"("length":{"type":"number","minimum":0,"exclusiveMaximum":1000)",
          R"("berths":{"type":["integer","null"],"minimum":-2,"maximum":12})",
          R"("required":["name","sign","length"])", R"("additionalProperties":false)"}) {
        BOOST_TEST(created.contains(rule), rule << " in " << created);
    }
    BOOST_TEST(!compact(schemas[2].second.text()).contains("required"));
}

BOOST_AUTO_TEST_CASE(only_what_can_happen_is_documented) {
    std::vector<Resource> boats = {invented_resource()};
    BOOST_TEST(openapi::document(boats).contains("\"operationId\": \"listBoats\""));
    boats[0].can_create = false;
    const std::string without_post = openapi::document(boats);
    BOOST_TEST(!without_post.contains("createBoat"));
    BOOST_TEST(!without_post.contains("\"NewBoat\""));
    BOOST_TEST(without_post.contains("\"BoatChange\""));
    boats[0].can_change = false;
    const std::string read_only = openapi::document(boats);
    for (const auto* name : {"updateBoat", "patchBoat", "deleteBoat", "\"BoatChange\""}) {
        BOOST_TEST(!read_only.contains(name), name);
    }
    boats[0].lists.clear();
    BOOST_TEST(!openapi::document(boats).contains("\"operationId\": \"listBoats\""));
}

BOOST_AUTO_TEST_CASE(rights_are_documented_where_they_are_asked_for) {
    std::vector<Resource> boats = {invented_resource()};
    boats[0].rights = {.read = {"anyone"}, .create = {"clerk"}};
    BOOST_TEST(!openapi::document(boats).contains("securitySchemes"));
    BOOST_TEST(!openapi::document(boats).contains("\"401\": {"));
    const std::string text = compact(openapi::document(boats, {}, true));
    for (const auto* part :
         {R"("security":[{"token":[]}],"tags")", R"("securitySchemes":{"token":{"type":"http")",
          R"("security":[{},{"token":[]}])", "Fortherole`clerk`or`admin`.", "Fortherole`admin`.",
          R"("401":{"$ref":"#/components/responses/Unauthorized"})",
          "Fortherole`metrics`or`admin`."}) {
        BOOST_TEST(text.contains(part), part);
    }
}

BOOST_AUTO_TEST_SUITE_END()
