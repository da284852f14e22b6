#include "feed/pgoutput.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "feed/copy_data.hpp"
#include "pgoutput_bytes.hpp"

using namespace larder;
using pgoutput::Value;

namespace {

template <class T>
T parsed(std::string_view bytes) {
    const auto event = pgoutput::parse(bytes);
    BOOST_REQUIRE(event);
    BOOST_REQUIRE(std::holds_alternative<T>(*event));
    return std::get<T>(*event);
}

Bytes a_relation() {
    Bytes bytes('R');
    bytes.number(16385U).text("public").text("employees").character('f');
    bytes.number(std::uint16_t{2});
    bytes.character('\1').text("id").number(20U).number(-1);
    bytes.character('\0').text("name").number(25U).number(7);
    return bytes;
}

Bytes a_row(Bytes bytes, char kind) {
    bytes.character(kind).number(std::uint16_t{3});
    return bytes.value("42").character('n').character('u');
}

/// One message of every kind.
std::vector<std::string> samples() {
    const auto relation = Bytes('U').number(7U);
    const std::vector<Bytes> all = {
        Bytes('B').number(std::uint64_t{9}).number(std::int64_t{8}).number(7U),
        Bytes('C')
            .character('\0')
            .number(std::uint64_t{1})
            .number(std::uint64_t{2})
            .number(std::int64_t{3}),
        Bytes('O').number(std::uint64_t{5}).text("elsewhere"),
        Bytes('Y').number(99U).text("public").text("colour"),
        a_relation(),
        a_row(Bytes('I').number(7U), 'N'),
        a_row(relation, 'N'),
        a_row(a_row(relation, 'K'), 'N'),
        a_row(a_row(relation, 'O'), 'N'),
        a_row(Bytes('D').number(7U), 'O'),
        Bytes('T').number(2U).character('\3').number(7U).number(8U),
        Bytes('M').character('\1').number(std::uint64_t{6}).text("larder").number(3U).raw("h 7"),
    };
    return {all.begin(), all.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pgoutput_messages)

BOOST_AUTO_TEST_CASE(a_transaction_begins_and_ends) {
    const auto begin = parsed<pgoutput::Begin>(samples()[0]);
    BOOST_TEST(begin.final_lsn == 9U);
    BOOST_TEST(begin.commit_time == 8);
    BOOST_TEST(begin.xid == 7U);
    const auto commit = parsed<pgoutput::Commit>(samples()[1]);
    BOOST_TEST(commit.commit_lsn == 1U);
    BOOST_TEST(commit.end_lsn == 2U);
    BOOST_TEST(commit.commit_time == 3);
}

BOOST_AUTO_TEST_CASE(a_relation_names_its_columns) {
    const auto bytes = a_relation();
    const auto relation = parsed<pgoutput::Relation>(bytes);
    BOOST_TEST(relation.id == 16385U);
    BOOST_TEST(relation.schema == "public");
    BOOST_TEST(relation.name == "employees");
    BOOST_TEST(relation.replica_identity == 'f');
    BOOST_REQUIRE(relation.columns.size() == 2U);
    BOOST_TEST(relation.columns[0].is_key);
    BOOST_TEST(relation.columns[0].name == "id");
    BOOST_TEST(relation.columns[0].modifier == -1);
    BOOST_TEST(!relation.columns[1].is_key);
    BOOST_TEST(relation.columns[1].type == 25U);
}

BOOST_AUTO_TEST_CASE(rows_have_texts_nulls_and_values_that_were_not_sent) {
    const auto bytes = samples()[5];
    const auto insert = parsed<pgoutput::Insert>(bytes);
    BOOST_TEST(insert.relation == 7U);
    BOOST_REQUIRE(insert.row.size() == 3U);
    BOOST_TEST(insert.row[0].text == "42");
    BOOST_TEST((insert.row[0].kind == Value::Kind::text));
    BOOST_TEST((insert.row[1].kind == Value::Kind::null));
    BOOST_TEST((insert.row[2].kind == Value::Kind::unchanged));
}

BOOST_AUTO_TEST_CASE(an_update_may_have_an_old_row) {
    BOOST_TEST(!parsed<pgoutput::Update>(samples()[6]).old);
    const auto with_key = parsed<pgoutput::Update>(samples()[7]);
    const pgoutput::OldTuple none{.is_full = true, .values = {}};
    BOOST_TEST(!with_key.old.value_or(none).is_full);
    BOOST_TEST(with_key.old.value_or(none).values.size() == 3U);
    BOOST_TEST(with_key.row.size() == 3U);
    BOOST_TEST(parsed<pgoutput::Update>(samples()[8]).old.value_or(pgoutput::OldTuple{}).is_full);
    BOOST_TEST(parsed<pgoutput::Delete>(samples()[9]).old.is_full);
}

BOOST_AUTO_TEST_CASE(the_other_kinds) {
    const auto texts = samples();
    BOOST_TEST(parsed<pgoutput::Origin>(texts[2]).name == "elsewhere");
    BOOST_TEST(parsed<pgoutput::Type>(texts[3]).name == "colour");
    const auto truncate = parsed<pgoutput::Truncate>(texts[10]);
    BOOST_TEST(truncate.is_cascade);
    BOOST_TEST(truncate.restarts_identity);
    BOOST_TEST((truncate.relations == std::vector<std::uint32_t>{7, 8}));
    const auto message = parsed<pgoutput::Message>(texts[11]);
    BOOST_TEST(message.is_transactional);
    BOOST_TEST(message.prefix == "larder");
    BOOST_TEST(message.content == "h 7");
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_or_too_long_is_refused) {
    for (const std::string& sample : samples()) {
        BOOST_TEST_CONTEXT("kind " << sample.front()) {
            BOOST_TEST(pgoutput::parse(sample).has_value());
            for (std::size_t length = 0; length < sample.size(); ++length) {
                // A copy of that size, so that a sanitizer sees a read past it.
                const std::vector<char> cut(sample.begin(),
                                            sample.begin() + static_cast<long>(length));
                BOOST_TEST(!pgoutput::parse({cut.data(), cut.size()}));
            }
            BOOST_TEST(!pgoutput::parse(sample + 'x'));
        }
    }
    BOOST_TEST(!pgoutput::parse("S"));
}

BOOST_AUTO_TEST_CASE(no_bytes_do_harm) {
    std::mt19937 random(1);
    int refused = 0;
    for (int round = 0; round < 20000; ++round) {
        const auto all = samples();
        std::string bytes = all[random() % all.size()];
        for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
        if (!pgoutput::parse(bytes)) ++refused;
        if (!copy_data::parse(bytes)) ++refused;
    }
    BOOST_TEST(refused > 0);
    BOOST_TEST(!pgoutput::parse(Bytes('T').number(0xFFFFFFFFU).character('\0')));
    BOOST_TEST(!pgoutput::parse(Bytes('I').number(7U).character('N').number(std::uint16_t{65535})));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(copy_data_messages)

BOOST_AUTO_TEST_CASE(log_data_carries_a_message) {
    const auto bytes = Bytes('w')
                           .number(std::uint64_t{1})
                           .number(std::uint64_t{2})
                           .number(std::int64_t{3})
                           .raw("payload");
    const auto data = copy_data::parse(bytes);
    BOOST_REQUIRE(data);
    const auto& log = std::get<copy_data::LogData>(*data);
    BOOST_TEST(log.start == 1U);
    BOOST_TEST(log.end == 2U);
    BOOST_TEST(log.payload == "payload");
}

BOOST_AUTO_TEST_CASE(a_keepalive_may_want_a_reply) {
    const auto bytes = Bytes('k').number(std::uint64_t{5}).number(std::int64_t{3}).character('\1');
    const auto data = copy_data::parse(bytes);
    BOOST_REQUIRE(data);
    BOOST_TEST(std::get<copy_data::Keepalive>(*data).end == 5U);
    BOOST_TEST(std::get<copy_data::Keepalive>(*data).wants_reply);
    const std::string_view whole = bytes;
    BOOST_TEST(!copy_data::parse(whole.substr(0, whole.size() - 1)));
    BOOST_TEST(!copy_data::parse("x"));
    BOOST_TEST(!copy_data::parse(""));
}

BOOST_AUTO_TEST_CASE(a_status_update_says_what_was_handled) {
    const auto expected = Bytes('r')
                              .number(std::uint64_t{0x0102030405060708})
                              .number(std::uint64_t{0x0102030405060708})
                              .number(std::uint64_t{0x0102030405060708})
                              .number(std::int64_t{-2})
                              .character('\1');
    BOOST_TEST(copy_data::status_update(0x0102030405060708, -2, true) ==
               std::string_view(expected));
}

BOOST_AUTO_TEST_SUITE_END()
