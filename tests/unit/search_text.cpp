#include "catalog/search_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace larder;

BOOST_AUTO_TEST_CASE(the_words_of_a_record_are_those_of_its_fields_with_search) {
    Resource boats;
    boats.name = "boats";
    boats.fields = {{.name = "name", .type = Text{}}};
    BOOST_TEST(search_vector(boats).empty());
    boats.fields[0].search = true;
    boats.fields.push_back({.name = "note", .type = Text{}, .column = "re\"mark", .search = true});
    BOOST_TEST(
        search_vector(boats) ==
        "to_tsvector('simple', COALESCE(\"name\", '') || ' ' || COALESCE(\"re\"\"mark\", ''))");
}
