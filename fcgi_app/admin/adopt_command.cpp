#include "admin/adopt_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <expected>
#include <utility>

#include "admin/adopt.hpp"
#include "admin/adopt_files.hpp"
#include "admin/read_tables.hpp"

namespace larder::admin {

namespace {

using Complaints = std::vector<std::string>;

Complaints of_database(const Error& error) {
    return {fmt::format("PostgreSQL: {}; check DATABASE_URL and that the server runs",
                        error.log.empty() ? error.detail : error.log)};
}

std::expected<std::vector<TableName>, Complaints> choose(std::span<const TableName> all,
                                                         std::span<const Resource> described,
                                                         const AdoptOptions& options) {
    if (options.is_all != options.tables.empty()) {
        return std::unexpected(Complaints{"name the tables to adopt, or write --all"});
    }
    if (options.is_all) return undescribed(all, described);
    return chosen_tables(all, options.tables);
}

std::expected<Adoption, Complaints> adoption_of(Session& session, const std::string& resources_dir,
                                                const AdoptOptions& options) {
    const auto described = described_so_far(resources_dir);
    if (!described) {
        Complaints mistakes;
        for (const Mistake& mistake : described.error()) mistakes.push_back(mistake.message());
        return std::unexpected(std::move(mistakes));
    }
    const auto names = table_names(session);
    if (!names) return std::unexpected(of_database(names.error()));
    const auto chosen = choose(*names, *described, options);
    if (!chosen) return std::unexpected(chosen.error());
    const auto tables = read_tables(session, *chosen);
    if (!tables) return std::unexpected(of_database(tables.error()));
    return adopt(*tables, *described);
}

void complain(const Complaints& lines) {
    for (const std::string& line : lines) fmt::print(stderr, "larder-schema: {}\n", line);
}

}  // namespace

int run_adopt(Session& session, const std::string& resources_dir, const AdoptOptions& options) {
    constexpr int wrong = 1;
    const auto adoption = adoption_of(session, resources_dir, options);
    const auto role = session.read(once("SELECT current_user"));
    if (!adoption) {
        complain(adoption.error());
        return wrong;
    }
    if (!role) {
        complain(of_database(role.error()));
        return wrong;
    }
    complain(notes_on(*adoption, role->at(0).at(0).value_or("")));
    if (!adoption->refused.empty() && !options.is_all) return wrong;
    if (!options.directory.empty()) {
        const auto written = write_descriptions(adoption->adopted, options.directory);
        if (!written) {
            complain({written.error()});
            return wrong;
        }
    }
    for (const Adopted& one : adoption->adopted) {
        if (options.directory.empty()) {
            fmt::print("# {}.toml\n{}\n", one.name, one.text);
        } else {
            fmt::print("{}/{}.toml\n", options.directory, one.name);
        }
    }
    return 0;
}

}  // namespace larder::admin
