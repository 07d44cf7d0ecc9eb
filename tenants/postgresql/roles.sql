-- The roles and grants that keep businesses apart. Read by tenants/postgresql/roles.py, which fills in the names
-- in braces as quoted identifiers and runs the sections one by one. Every section may run again at any time.

-- Who is who. owner: makes schemas, tables and business roles; migrations run as it. app: what web and worker sign in
-- with; owns nothing, inherits nothing, may only become a business's role. businesses: what all businesses may do with
-- shared tables; nobody signs in as it. role: one business; nobody signs in as it.

-- section: cluster
ALTER ROLE {owner} LOGIN CREATEROLE NOCREATEDB;
ALTER ROLE {app} LOGIN NOINHERIT NOCREATEROLE NOCREATEDB;
-- With the zone already right Django never calls set_config, which a business's role may not execute.
ALTER ROLE {app} SET timezone TO 'UTC';
-- A client that is gone without a word in mid-transaction leaves its locks: a call could not be saved for hours.
ALTER ROLE {app} SET idle_in_transaction_session_timeout TO '15s';
ALTER ROLE {owner} SET timezone TO 'UTC';

-- section: database
ALTER DATABASE {database} OWNER TO {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app};
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app};
-- The shared schema: the app role without a business is the operators' side (businesses, domains, prices, sign-in).
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- section: superuser
-- Needs a superuser, who owns what is built in. A managed service gives none: each of the four walls is then missing,
-- which `manage.py check_isolation` and the warning tenants.W010 at every start say. See docs/security.md.
ALTER ROLE {owner} NOSUPERUSER NOREPLICATION NOBYPASSRLS;
ALTER ROLE {app} NOSUPERUSER NOREPLICATION NOBYPASSRLS;
-- 1. An expression that was smuggled into a query can not change the role.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {owner}, {app};
-- 2. No programs inside the database: DO blocks need the language. Triggers do not, so ours go on working.
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO {owner};
-- 3. Large objects belong to no schema, hence to no business.
REVOKE EXECUTE ON FUNCTION
    pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea),
    pg_catalog.lo_open(oid, integer), pg_catalog.lo_get(oid), pg_catalog.lo_get(oid, bigint, integer),
    pg_catalog.lo_put(oid, bigint, bytea), pg_catalog.loread(integer, integer), pg_catalog.lowrite(integer, bytea),
    pg_catalog.lo_truncate(integer, integer), pg_catalog.lo_truncate64(integer, bigint), pg_catalog.lo_unlink(oid)
    FROM PUBLIC;
-- 4. Advisory locks are numbers that all share: one business could hold up upgrades and new businesses for ever.
REVOKE EXECUTE ON FUNCTION
    pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_lock(integer, integer),
    pg_catalog.pg_advisory_lock_shared(bigint), pg_catalog.pg_advisory_lock_shared(integer, integer),
    pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_advisory_xact_lock(integer, integer),
    pg_catalog.pg_advisory_xact_lock_shared(bigint), pg_catalog.pg_advisory_xact_lock_shared(integer, integer),
    pg_catalog.pg_try_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(integer, integer),
    pg_catalog.pg_try_advisory_lock_shared(bigint), pg_catalog.pg_try_advisory_lock_shared(integer, integer),
    pg_catalog.pg_try_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_xact_lock(integer, integer),
    pg_catalog.pg_try_advisory_xact_lock_shared(bigint), pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_xact_lock(bigint)
    TO {owner};

-- section: shared
-- After each migration of the shared schema. One role holds it for all businesses: a table's list of grants fits into
-- one page of the catalogue, which 2,442 roles fill. Which rows each sees is for the policies, see
-- tenants/migrations/0002_row_level_security.py.
GRANT USAGE ON SCHEMA public TO {businesses};
GRANT SELECT ON public.rates_price, public.tenants_tenant TO {businesses};
GRANT SELECT, INSERT, DELETE ON public.tenants_domain TO {businesses};
-- The history of migrations is the owner's; nobody else writes it.
REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM {app};

-- section: business
-- Runs in one transaction: a schema never exists without its role and its grants.
CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
ALTER ROLE {role} NOLOGIN INHERIT;
GRANT {businesses} TO {role};

-- section: tables
-- For tables that were there before the default privileges; Postgres reads its whole list of tables for it.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};

-- section: history
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.django_migrations FROM {role};

-- section: audit
-- The audit log only grows.
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.audit_auditline FROM {role};

-- section: open
-- Last, in the transaction that seals history and audit log: nobody can become the business before they are.
GRANT {role} TO {app};
