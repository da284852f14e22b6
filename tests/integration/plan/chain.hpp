#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "described.hpp"
#include "schema_bench.hpp"
#include "side.hpp"

namespace larder::test {

/// A chain of changes of two descriptions, and what is checked at each step. It depends on its seed
/// only. Fails the test case at the first fault.
class Chain {
public:
    explicit Chain(unsigned seed);
    ~Chain();
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    void run();
    /// What was done, one line.
    [[nodiscard]] std::string summary() const;

private:
    /// Values by table, column and id.
    using Values = std::map<std::string, std::map<std::string, std::string>>;

    /// A side that serves, and what it says.
    struct Serving {
        std::unique_ptr<Side> side;
        DescribedAll descriptions;
    };

    void take(const Evolved& next);
    void deploy(const std::vector<std::string>& changes, bool in_expand,
                const std::vector<std::string>& drops);
    void revert_and_deploy_again(const std::vector<std::string>& changes,
                                 const std::vector<std::string>& drops);
    void hold(bool is_held);
    void restart_feed(const Side& side);

    /// Writes through one side, and reads through all.
    void write(const Side& side, const DescribedAll& writer, const DescribedAll& other);
    using Fixed = std::map<std::string, std::string>;  // values by column
    Response try_post(const Side& side, const Described& writer, const Described& other,
                      const Fixed& fixed);
    /// Gives the id.
    std::string post(const Side& side, const Described& writer, const Described& other,
                     const Fixed& fixed = {});
    void give_unique_values_free(const Serving& one, const Serving& other);
    void change(const Side& side, const Described& writer, const Described& other);
    void remove(const Side& side, const Described& writer);
    bool is_needed(const std::string& table, const std::string& id);
    /// A value of a field that both descriptions can live with; empty: leave it out.
    std::string value_of(const DescribedField& field, const Described& other);
    void expect_fresh(const std::string& table, const std::string& id);
    void expect_all_fresh();

    void run_script(const std::string& kind, const std::string& change);
    void expect_nothing_left();
    std::vector<std::string> columns(const Described& description);
    std::vector<std::string> left_over(const Described& description);
    Values values();
    void expect_kept(const Values& before, const Values& after,
                     const std::vector<std::string>& drops);

    SchemaBench bench_;
    std::mt19937 random_;
    DescribedAll now_;
    std::vector<Serving> serving_;
    std::unique_ptr<StackProcess> feed_;
    std::map<std::string, std::string> kept_;  // a record of each table that is never removed
    int serial_ = 1000;
    int writes_ = 0;
    int refused_ = 0;
    std::map<std::string, int> steps_;
};

}  // namespace larder::test
