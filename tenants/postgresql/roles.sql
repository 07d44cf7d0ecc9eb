-- The roles and grants that keep businesses apart. Read by tenants/postgresql/roles.py, which fills in the names
-- in braces as quoted identifiers and runs the sections one by one. Every section may run again at any time.

-- section: cluster
-- owner: makes schemas, tables and business roles; migrations run as it.
-- app: what web and worker sign in with; owns nothing, inherits nothing, may only become a business's role.
ALTER ROLE {owner} LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOBYPASSRLS;
ALTER ROLE {app} LOGIN NOINHERIT NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS;
-- With the zone already right Django never calls set_config, which a business's role may not execute.
ALTER ROLE {app} SET timezone TO 'UTC';
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
-- Needs a superuser (or the owner of the built-in functions): a managed service may refuse, see docs/security.md.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {owner}, {app};

-- section: business
-- Runs in one transaction: a schema never exists without its role and its grants.
CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
-- The price list is the only shared table that a business reads.
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT ON public.rates_price TO {role};
-- Last, so that nobody can become the business before its grants stand.
GRANT {role} TO {app};

-- section: tables
-- For tables that were there before the default privileges; Postgres reads its whole list of tables for it.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};

-- section: migrated
-- The history of migrations is the owner's; nobody else writes it.
REVOKE INSERT, UPDATE, DELETE ON {schema}.django_migrations FROM {role};
-- The audit log only grows.
REVOKE UPDATE, DELETE ON {schema}.audit_auditline FROM {role};
REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM {app};
