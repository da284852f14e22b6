-- Drops, within the caller's transaction, all that pg_dump writes into a dump of the whole database, but for
-- extensions and what belongs to them. Every name is looked up before the first is dropped.
DO $$
DECLARE
    command text;
    commands text[];
BEGIN
    SELECT array_agg(format('DROP PUBLICATION %I', pubname)) INTO commands FROM pg_publication;
    FOREACH command IN ARRAY coalesce(commands, '{}') LOOP EXECUTE command; END LOOP;

    -- With all that they have. Those of extensions are emptied below.
    SELECT array_agg(format('DROP SCHEMA %I CASCADE', nspname)) INTO commands FROM pg_namespace AS n
        WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\_%'
        AND NOT EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid)
        AND NOT EXISTS (SELECT FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_namespace'::regclass AND objid = n.oid);
    FOREACH command IN ARRAY coalesce(commands, '{}') LOOP EXECUTE command; END LOOP;

    WITH rest AS (
        SELECT oid FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'
    ), members AS (
        SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
    ), found AS (
        SELECT 1 AS turn, format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
                WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE'
                WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, format('%I.%I', relnamespace::regnamespace::name, relname)) AS text
            FROM pg_class AS c WHERE relnamespace IN (SELECT oid FROM rest) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
            AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM members)
            -- A sequence of an identity column goes with its table.
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'i')
        UNION ALL
        SELECT 2, format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc AS p
            WHERE pronamespace IN (SELECT oid FROM rest) AND ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM members)
        UNION ALL
        SELECT 3, format('DROP TYPE IF EXISTS %s CASCADE', format('%I.%I', typnamespace::regnamespace::name, typname)) FROM pg_type AS t
            WHERE typnamespace IN (SELECT oid FROM rest) AND typtype IN ('e', 'd', 'r')
            AND ('pg_type'::regclass, t.oid) NOT IN (SELECT * FROM members)
        UNION ALL
        SELECT 4, format('DROP %s IF EXISTS %s CASCADE', type, identity)
            FROM pg_depend AS d, pg_identify_object(d.classid, d.objid, 0)
            WHERE refclassid = 'pg_namespace'::regclass AND refobjid IN (SELECT oid FROM rest)
            AND d.classid IN ('pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
                'pg_collation'::regclass, 'pg_conversion'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass,
                'pg_ts_parser'::regclass, 'pg_ts_template'::regclass)
            AND (d.classid, d.objid) NOT IN (SELECT * FROM members)
        UNION ALL
        SELECT 5, format('DROP SERVER IF EXISTS %I CASCADE', srvname) FROM pg_foreign_server AS s
            WHERE ('pg_foreign_server'::regclass, s.oid) NOT IN (SELECT * FROM members)
        UNION ALL
        SELECT 6, format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata
    )
    SELECT array_agg(text ORDER BY turn) INTO commands FROM found;
    FOREACH command IN ARRAY coalesce(commands, '{}') LOOP EXECUTE command; END LOOP;
END
$$;
