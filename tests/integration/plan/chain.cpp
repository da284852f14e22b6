#include "chain.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "../feed.hpp"
#include "../fixture.hpp"
#include "truth.hpp"

namespace larder::test {

namespace {

constexpr int steps_of_a_chain = 10;

std::string in_quotes(const std::string& name) { return '"' + name + '"'; }

const Described& named(const DescribedAll& all, const std::string& name) {
    return *std::ranges::find(all, name, &Described::name);
}

/// The beginning of what was done: "a field added".
std::string kind_of(const std::string& what) { return what.substr(0, what.find(':')); }

}  // namespace

Chain::Chain(unsigned seed) : random_(seed) {
    for (const char* suffix : {"a", "b"}) {
        now_.push_back(new_description(random_, fmt::format("chain{}{}", seed, suffix)));
    }
}

Chain::~Chain() {
    serving_.clear();
    if (feed_) (void)feed_->stop(SIGTERM);
    feed_.reset();
    std::string tables;
    for (const auto& one : now_) tables += (tables.empty() ? "" : ", ") + in_quotes(one.name);
    (void)test::run({"psql", "-Xq", "-d", stack().status().at("database_url"), "-c",
                     "DROP TABLE IF EXISTS " + tables + " CASCADE"});
}

void Chain::run() {
    bench_.database().query("SET TimeZone = 'UTC'");
    for (const auto& one : now_) bench_.describe(one.name, one.toml());
    bench_.apply();
    serving_.push_back({std::make_unique<Side>(bench_.directory() / "resources"), now_});
    restart_feed(*serving_[0].side);
    for (const auto& one : now_) {
        for (int i = 0; i < 4; ++i) post(*serving_[0].side, one, one);
        kept_[one.name] = Truth(bench_.database(), one.name).rows().begin()->first;
    }
    for (int step = 0; step < steps_of_a_chain; ++step) {
        const Evolved next =
            evolve(random_, now_, [this](const Described& one) { return left_over(one); });
        BOOST_TEST_INFO_SCOPE("step " << step << ": " << next.what);
        std::string all;
        for (const auto& one : now_) all += one.toml();
        BOOST_TEST_INFO_SCOPE("before:\n" << all);
        BOOST_TEST_INFO_SCOPE("after:\n" << next.description.toml());
        try {
            take(next);
        } catch (const std::runtime_error& error) {
            BOOST_FAIL(error.what());
        }
        ++steps_[kind_of(next.what)];
    }
}

std::string Chain::summary() const {
    std::string text = fmt::format("{} writes, {} refused;", writes_, refused_);
    for (const auto& [kind, count] : steps_) text += fmt::format(" {} {},", count, kind);
    text.back() = '.';
    return text;
}

// In the order of `larder apply`.
void Chain::take(const Evolved& next) {
    DescribedAll then = now_;
    then[next.place] = next.description;
    bench_.describe(next.description.name, next.description.toml());
    std::vector<std::string> arguments = {"plan"};
    for (const std::string& drop : next.drops) {
        arguments.emplace_back("--drop");
        arguments.push_back(drop);
    }
    const auto planned = bench_.schema(arguments);
    BOOST_REQUIRE_MESSAGE(planned.status != 1, planned.output);
    const auto changes =
        planned.status == 0 ? std::vector<std::string>() : bench_.write(next.drops);

    deploy(changes, true, next.drops);
    write(*serving_[0].side, now_, then);
    hold(true);
    serving_.push_back({std::make_unique<Side>(bench_.directory() / "resources"), then});
    expect_all_fresh();
    for (int i = 0; i < 3; ++i) {
        write(*serving_[0].side, now_, then);
        write(*serving_[1].side, then, now_);
    }
    give_unique_values_free(serving_[0], serving_[1]);
    give_unique_values_free(serving_[1], serving_[0]);
    serving_[0].side->stop();
    serving_.erase(serving_.begin());
    deploy(changes, false, next.drops);
    expect_nothing_left();
    revert_and_deploy_again(changes, next.drops);
    restart_feed(*serving_[0].side);
    hold(false);
    now_ = then;
    for (int i = 0; i < 2; ++i) write(*serving_[0].side, now_, now_);
    expect_all_fresh();
    // From the caches.
    const std::string first = fmt::format("/{0}/{1}", now_[0].name, kept_[now_[0].name]);
    BOOST_REQUIRE(gets_cached(first, serving_[0].side->client()));
    give_unique_values_free(serving_[0], serving_[0]);
    expect_all_fresh();
    expect_all_fresh();
}

void Chain::deploy(const std::vector<std::string>& changes, bool in_expand,
                   const std::vector<std::string>& drops) {
    const auto before = values();
    for (const std::string& change : changes) {
        if (is_expand(change) != in_expand) continue;
        run_script("deploy", change);
        run_script("verify", change);
    }
    expect_kept(before, values(), drops);
}

void Chain::revert_and_deploy_again(const std::vector<std::string>& changes,
                                    const std::vector<std::string>& drops) {
    const auto before = values();
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
        run_script("revert", *change);
    }
    const auto reverted = values();
    std::vector<std::string> without_values = drops;
    for (const auto& [column, ignored] : before) {
        if (!reverted.contains(column)) without_values.push_back(column);
    }
    for (const std::string& change : changes) {
        run_script("deploy", change);
        run_script("deploy", change);  // as after an interruption
        run_script("verify", change);
    }
    expect_nothing_left();
    expect_kept(before, values(), without_values);
}

void Chain::hold(bool is_held) {
    StackProcess program(
        {program_of_stack("larder-worker"), is_held ? "--hold-redis" : "--release-redis"}, {},
        stack().directory() / "hold.log");
    BOOST_REQUIRE(program.wait() == 0);
}

/// It renews all caches when it begins to follow.
void Chain::restart_feed(const Side& side) {
    if (feed_) BOOST_REQUIRE(feed_->stop(SIGTERM) == 0);
    BOOST_REQUIRE(eventually([&] { return !feed_follows(side.client()); }));
    feed_ =
        std::make_unique<StackProcess>(std::vector<std::string>{program_of_stack("larder-feed"),
                                                                "--resources", side.descriptions()},
                                       Environment{}, stack().directory() / "feed.log");
    BOOST_REQUIRE(eventually([&] { return feed_follows(side.client()); }));
}

void Chain::write(const Side& side, const DescribedAll& writer, const DescribedAll& other) {
    const auto place =
        static_cast<std::size_t>(roll(random_, 0, static_cast<int>(writer.size()) - 1));
    const int kind = roll(random_, 0, 9);
    if (kind < 4) {
        post(side, writer[place], other[place]);
        return;
    }
    if (kind < 8) return change(side, writer[place], other[place]);
    remove(side, writer[place]);
}

std::string Chain::value_of(const DescribedField& field, const Described& other) {
    const auto twin = std::ranges::find(other.fields, field.column, &DescribedField::column);
    const bool is_free = twin == other.fields.end() || twin->is_optional || !twin->fill.empty() ||
                         !twin->fallback.empty() || field.is_optional;
    const std::string value = field.value(random_, serial_, [this](const std::string& to) {
        const Truth truth(bench_.database(), to);
        const int place = roll(random_, 0, static_cast<int>(truth.rows().size()) - 1);
        const Json& id = std::next(truth.rows().begin(), place)->second["id"];
        return id.is(Json::Kind::string) ? in_quotes(id.text()) : id.text();
    });
    return value == "null" && !is_free ? std::string() : value;
}

Response Chain::try_post(const Side& side, const Described& writer, const Described& other,
                         const Fixed& fixed) {
    ++serial_;
    ++writes_;
    std::string body;
    for (const DescribedField& field : writer.fields) {
        const auto known = fixed.find(field.column);
        const std::string value = known == fixed.end() ? value_of(field, other) : known->second;
        if (value.empty()) continue;
        body += fmt::format("{}\"{}\": {}", body.empty() ? "" : ", ", field.name, value);
    }
    auto response = side.client().post('/' + writer.name, '{' + body + '}');
    return response;
}

std::string Chain::post(const Side& side, const Described& writer, const Described& other,
                        const Fixed& fixed) {
    const auto response = try_post(side, writer, other, fixed);
    BOOST_REQUIRE_MESSAGE(response.status == 201, "POST /" << writer.name << ": " << response.status
                                                           << response.error << ' '
                                                           << response.body);
    const std::string id = Json::parse(response.body)["id"].text();
    expect_fresh(writer.name, id);
    return id;
}

// Only the side that knows that a field is unique keeps its values in the cache of duplicates.
void Chain::give_unique_values_free(const Serving& one, const Serving& other) {
    for (std::size_t i = 0; i < one.descriptions.size(); ++i) {
        const auto& writer = one.descriptions[i];
        const auto& reader = other.descriptions[i];
        for (const DescribedField& field : writer.fields) {
            if (!field.is_unique) continue;
            ++serial_;
            std::string value;
            while (value.empty() || value == "null") value = value_of(field, reader);
            const std::string id = post(*one.side, writer, reader, {{field.column, value}});
            const auto refused = try_post(*one.side, writer, reader, {{field.column, value}});
            BOOST_REQUIRE_MESSAGE(refused.status == 409, refused.status << refused.body);
            const std::string path = fmt::format("/{}/{}", writer.name, id);
            BOOST_REQUIRE(other.side->client().del(path).status == 204);
            post(*one.side, writer, reader, {{field.column, value}});
        }
    }
}

void Chain::change(const Side& side, const Described& writer, const Described& other) {
    ++serial_;
    ++writes_;
    const Truth truth(bench_.database(), writer.name);
    const auto row = std::next(truth.rows().begin(),
                               roll(random_, 0, static_cast<int>(truth.rows().size()) - 1));
    const auto& field = writer.fields[static_cast<std::size_t>(
        roll(random_, 0, static_cast<int>(writer.fields.size()) - 1))];
    const std::string value = value_of(field, other);
    if (value.empty()) return;
    const std::string body = fmt::format("{{\"{}\": {}}}", field.name, value);
    const std::string path = fmt::format("/{}/{}", writer.name, row->first);
    const auto response =
        chance(random_, 50) ? side.client().put(path, body) : side.client().patch(path, body);
    BOOST_REQUIRE_MESSAGE(response.status == 200, "change of " << path << ' ' << body << ": "
                                                               << response.status << response.error
                                                               << ' ' << response.body);
    expect_fresh(writer.name, row->first);
}

void Chain::remove(const Side& side, const Described& writer) {
    const Truth truth(bench_.database(), writer.name);
    const auto row = std::next(truth.rows().begin(),
                               roll(random_, 0, static_cast<int>(truth.rows().size()) - 1));
    if (is_needed(writer.name, row->first)) return;
    ++writes_;
    const std::string path = fmt::format("/{}/{}", writer.name, row->first);
    const auto response = side.client().del(path);
    const bool is_done = response.status == 204 || response.status == 409;
    BOOST_REQUIRE_MESSAGE(is_done, "DELETE " << path << ": " << response.status << response.error
                                             << ' ' << response.body);
    if (response.status == 409) ++refused_;
    expect_fresh(writer.name, row->first);
    expect_all_fresh();
}

/// Whether a record is kept, or takes with it one that is.
bool Chain::is_needed(const std::string& table, const std::string& id) {
    if (kept_[table] == id) return true;
    for (const auto& serving : serving_) {
        for (const auto& one : serving.descriptions) {
            for (const DescribedField& field : one.fields) {
                if (field.to != table || field.on_delete != "cascade") continue;
                const auto goal = bench_.database().value(
                    fmt::format("SELECT \"{}\"::text FROM \"{}\" WHERE id::text = $1", field.column,
                                one.name),
                    {kept_[one.name]});
                if (goal == id) return true;
            }
        }
    }
    return false;
}

void Chain::expect_fresh(const std::string& table, const std::string& id) {
    const Truth truth(bench_.database(), table);
    for (std::size_t i = 0; i < serving_.size(); ++i) {
        const auto& one = named(serving_[i].descriptions, table);
        const auto& other = named(serving_[serving_.size() - 1 - i].descriptions, table);
        truth.expect_record(serving_[i].side->client(), one, id);
        truth.expect_list(serving_[i].side->client(), one, other);
    }
}

void Chain::expect_all_fresh() {
    for (const auto& described : now_) {
        const Truth truth(bench_.database(), described.name);
        for (std::size_t i = 0; i < serving_.size(); ++i) {
            truth.expect_all(serving_[i].side->client(),
                             named(serving_[i].descriptions, described.name),
                             named(serving_[serving_.size() - 1 - i].descriptions, described.name));
        }
    }
}

void Chain::run_script(const std::string& kind, const std::string& change) {
    const auto finished = bench_.script(kind, change);
    BOOST_REQUIRE_MESSAGE(finished.status == 0, kind << ' ' << change << ": " << finished.output);
}

void Chain::expect_nothing_left() {
    const auto after = bench_.schema({"plan"});
    BOOST_REQUIRE_MESSAGE(after.status == 0, after.output);
}

std::vector<std::string> Chain::columns(const Described& description) {
    std::vector<std::string> names;
    for (const auto& row : bench_.database().query(
             "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
             " AND NOT attisdropped AND attname <> 'id'",
             {in_quotes(description.name)})) {
        names.push_back(row[0]);
    }
    return names;
}

std::vector<std::string> Chain::left_over(const Described& description) {
    auto names = columns(description);
    std::erase_if(names, [&](const std::string& name) {
        return std::ranges::find(description.fields, name, &DescribedField::column) !=
               description.fields.end();
    });
    return names;
}

Chain::Values Chain::values() {
    Values found;
    for (const auto& one : now_) {
        for (const std::string& column : columns(one)) {
            auto& of_column = found[one.name + '.' + column];
            for (const auto& row : bench_.database().query(
                     fmt::format("SELECT id::text, {0}::text FROM {1} WHERE {0} IS NOT NULL",
                                 in_quotes(column), in_quotes(one.name)))) {
                of_column[row[0]] = row[1];
            }
        }
    }
    return found;
}

void Chain::expect_kept(const Values& before, const Values& after,
                        const std::vector<std::string>& drops) {
    for (const auto& [column, values] : before) {
        if (std::ranges::find(drops, column) != drops.end()) continue;
        const auto same = after.find(column);
        BOOST_REQUIRE_MESSAGE(same != after.end(), "the column " << column << " is gone");
        for (const auto& [id, value] : values) {
            const auto kept = same->second.find(id);
            BOOST_REQUIRE_MESSAGE(kept != same->second.end() && kept->second == value,
                                  column << " of " << id << " was " << value);
        }
    }
}

}  // namespace larder::test
