#include "store/loggable.hpp"

#include <boost/test/unit_test.hpp>

#include <tuple>

using larder::loggable;

BOOST_AUTO_TEST_SUITE(loggable_errors)

BOOST_AUTO_TEST_CASE(what_is_about_server_session_or_schema_is_logged_without_its_details) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"", "server closed the connection unexpectedly\n\tThis probably means",
         "server closed the connection unexpectedly"},
        {"42501", "ERROR:  permission denied for table items\n",
         "ERROR:  permission denied for table items"},
        {"57014", "ERROR:  canceling statement due to user request\nCONTEXT:  while updating\n",
         "ERROR:  canceling statement due to user request"},
        {"23505",
         "ERROR:  duplicate key value violates unique constraint \"one\"\nDETAIL:  Key (a)=(b)",
         "ERROR:  duplicate key value violates unique constraint \"one\""},
        {"23514", "ERROR:  new row for relation \"products\" violates check constraint \"price\"",
         "ERROR:  new row for relation \"products\" violates check constraint \"price\""},
        {"23502",
         "ERROR:  null value in column \"name\" of relation \"t\" violates not-null constraint\n",
         "ERROR:  null value in column \"name\" of relation \"t\" violates not-null constraint"}};
    for (const auto& [state, message, expected] : cases) {
        BOOST_TEST(loggable(state, message) == expected);
    }
}

BOOST_AUTO_TEST_CASE(what_can_quote_a_value_is_not) {
    const std::pair<const char*, const char*> cases[] = {
        {"22P02", "ERROR:  invalid input syntax for type integer: \"sEcret\"\n"},
        {"22003", "ERROR:  value \"sEcret\" is out of range for type integer"},
        {"P0001", "ERROR:  no sEcret here\nCONTEXT:  PL/pgSQL function"},
        {"44000", "ERROR:  sEcret"},
        {"ZZ123", "ERROR:  sEcret"},
        // A trigger that borrows a code.
        {"23505", "ERROR:  sEcret is taken"},
        {"23514", "ERROR:  this constraint does not like sEcret"},
        {"23514", "sEcret"}};
    for (const auto& [state, message] : cases) {
        const auto logged = loggable(state, message);
        BOOST_TEST(!logged.contains("sEcret"), logged);
        BOOST_TEST(logged.starts_with(std::string("SQLSTATE ") + state), logged);
    }
}

BOOST_AUTO_TEST_SUITE_END()
