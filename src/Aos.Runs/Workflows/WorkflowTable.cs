using System.Data.Common;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>Workflows and their versions as stored.</summary>
internal sealed class WorkflowTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("workflows", 1, "workflows and their versions", """
        CREATE TABLE workflows (
          tenant_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, tags TEXT NOT NULL, search TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
          PRIMARY KEY (tenant_id, name)
        );
        CREATE TABLE workflow_versions (
          tenant_id TEXT NOT NULL, name TEXT NOT NULL, major BIGINT NOT NULL, minor BIGINT NOT NULL, patch BIGINT NOT NULL, hash TEXT NOT NULL, plan TEXT NOT NULL,
          bytes BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, deprecated_at BIGINT, deprecated_by TEXT, deprecated_message TEXT,
          PRIMARY KEY (tenant_id, name, major, minor, patch)
        );
        """);

    private const string VersionColumns =
        "name, major, minor, patch, hash, bytes, created_at AS CreatedAt, created_by AS CreatedBy, deprecated_at AS DeprecatedAt, deprecated_by AS DeprecatedBy, deprecated_message AS Remark";

    /// <summary>Of its versions the highest in use stands for a workflow, else the highest.</summary>
    private const string WorkflowColumns = """
        w.name, w.description, w.tags, w.created_at AS CreatedAt, w.updated_at AS UpdatedAt,
        (SELECT v.major || '.' || v.minor || '.' || v.patch || ' ' || v.hash FROM workflow_versions v WHERE v.tenant_id = w.tenant_id AND v.name = w.name
         ORDER BY CASE WHEN v.deprecated_at IS NULL THEN 0 ELSE 1 END, v.major DESC, v.minor DESC, v.patch DESC LIMIT 1) AS Newest,
        (SELECT count(*) FROM workflow_versions v WHERE v.tenant_id = w.tenant_id AND v.name = w.name) AS Versions,
        (SELECT count(*) FROM workflow_versions v WHERE v.tenant_id = w.tenant_id AND v.name = w.name AND v.deprecated_at IS NULL) AS InUse
        """;

    /// <summary>Decides under the tenant's lock with what is stored, and stores.</summary>
    internal Task<WorkflowPushed> PushAsync(Caller caller, WorkflowPush push, Func<Shelf, WorkflowPushed> decide, CancellationToken cancel) => database.For(caller.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"workflows:{caller.Tenant.Value}");
            var at = new { tenant = caller.Tenant.Value, name = push.Name };
            var versions = connection.Query<VersionRow>($"SELECT {VersionColumns} FROM workflow_versions WHERE tenant_id = @tenant AND name = @name", at, transaction).ToList();
            var others = connection.ExecuteScalar<long>("SELECT count(*) FROM workflows WHERE tenant_id = @tenant AND name <> @name", at, transaction);
            var reply = decide(new Shelf(others, [.. versions.Select(row => row.ToVersion())]));
            if (reply.Version is not { } version) return reply;
            Describe(connection, transaction, caller.Tenant, push, version.CreatedAt, versions.Count == 0);
            if (reply.IsNew) Insert(connection, transaction, caller.Tenant, version);
            return reply;
        },
        cancel);

    internal Task<IReadOnlyList<Workflow>> ListAsync(TenantId tenant, WorkflowFilter filter, CancellationToken cancel)
    {
        var sql = new StringBuilder($"SELECT {WorkflowColumns} FROM workflows w WHERE w.tenant_id = @tenant");
        if (filter.After is not null) sql.Append(" AND w.name > @after");
        if (filter.Prefix is not null) sql.Append(" AND substr(w.name, 1, length(@prefix)) = @prefix");
        if (filter.Text is not null) sql.Append(" AND w.search LIKE @text ESCAPE '\\'");
        if (filter.Tag is not null) sql.Append(" AND w.tags LIKE @tag ESCAPE '\\'");
        if (!filter.Deprecated) sql.Append(" AND EXISTS (SELECT 1 FROM workflow_versions v WHERE v.tenant_id = w.tenant_id AND v.name = w.name AND v.deprecated_at IS NULL)");
        sql.Append(" ORDER BY w.name LIMIT @limit");
        return WorkflowsAsync(tenant, sql.ToString(), new
        {
            tenant = tenant.Value, after = filter.After, prefix = filter.Prefix, text = filter.Text is { } text ? $"%{Literal(text.ToLowerInvariant())}%" : null,
            tag = filter.Tag is { } tag ? $"%{Literal(JsonSerializer.Serialize(tag, TagJson.Default.String))}%" : null, limit = filter.Limit,
        }, cancel);
    }

    internal async Task<Workflow?> FindAsync(TenantId tenant, string name, CancellationToken cancel) =>
        await WorkflowsAsync(tenant, $"SELECT {WorkflowColumns} FROM workflows w WHERE w.tenant_id = @tenant AND w.name = @name", new { tenant = tenant.Value, name }, cancel) is [var one] ? one : null;

    internal Task<IReadOnlyList<string>> NamesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (IReadOnlyList<string>)[.. await connection.QueryAsync<string>(
            new CommandDefinition("SELECT name FROM workflows WHERE tenant_id = @tenant ORDER BY name", new { tenant = tenant.Value }, cancellationToken: token))],
        cancel);

    /// <summary>Highest first, without plans.</summary>
    internal Task<IReadOnlyList<WorkflowVersion>> VersionsAsync(TenantId tenant, string name, ExactVersion? below, int limit, CancellationToken cancel)
    {
        var from = below is null ? "" : " AND (major < @major OR (major = @major AND (minor < @minor OR (minor = @minor AND patch < @patch))))";
        var sql = $"SELECT {VersionColumns} FROM workflow_versions WHERE tenant_id = @tenant AND name = @name{from} ORDER BY major DESC, minor DESC, patch DESC LIMIT @limit";
        return QueryAsync(tenant, sql, new { tenant = tenant.Value, name, major = below?.Major, minor = below?.Minor, patch = below?.Patch, limit }, cancel);
    }

    /// <summary>The highest version that is meant, with its plan; of several that fit, those in use before the others.</summary>
    internal async Task<WorkflowVersion?> ChooseAsync(TenantId tenant, string name, Selector selector, CancellationToken cancel)
    {
        var sql = new StringBuilder($"SELECT {VersionColumns}, plan AS PlanText FROM workflow_versions WHERE tenant_id = @tenant AND name = @name");
        if (selector.Major is not null) sql.Append(" AND major = @major");
        if (selector.Minor is not null) sql.Append(" AND minor = @minor");
        if (selector.Patch is not null) sql.Append(" AND patch = @patch");
        sql.Append(" ORDER BY CASE WHEN deprecated_at IS NULL THEN 0 ELSE 1 END, major DESC, minor DESC, patch DESC LIMIT 1");
        return await QueryAsync(tenant, sql.ToString(), new { tenant = tenant.Value, name, major = selector.Major, minor = selector.Minor, patch = selector.Patch }, cancel) is [var one] ? one : null;
    }

    internal Task<(WorkflowVersion Before, WorkflowVersion After)?> DeprecateAsync(
        TenantId tenant, string name, ExactVersion version, WorkflowDeprecation? deprecation, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"workflows:{tenant.Value}");
            var at = new { tenant = tenant.Value, name, major = version.Major, minor = version.Minor, patch = version.Patch };
            var row = connection.QuerySingleOrDefault<VersionRow>(
                $"SELECT {VersionColumns} FROM workflow_versions WHERE tenant_id = @tenant AND name = @name AND major = @major AND minor = @minor AND patch = @patch", at, transaction);
            if (row is null) return default((WorkflowVersion, WorkflowVersion)?);
            connection.Execute(
                """
                UPDATE workflow_versions SET deprecated_at = @on, deprecated_by = @by, deprecated_message = @message
                WHERE tenant_id = @tenant AND name = @name AND major = @major AND minor = @minor AND patch = @patch
                """,
                new { at.tenant, at.name, at.major, at.minor, at.patch, on = deprecation?.At.UtcTicks, by = deprecation?.By, message = deprecation?.Message },
                transaction);
            return (row.ToVersion(), row.ToVersion() with { Deprecated = deprecation });
        },
        cancel);

    /// <summary>Deletes it, with its versions, unless a version that is new since was pushed: then false.</summary>
    internal Task<bool> DeleteAsync(TenantId tenant, Workflow workflow, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"workflows:{tenant.Value}");
            var at = new { tenant = tenant.Value, name = workflow.Name };
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM workflow_versions WHERE tenant_id = @tenant AND name = @name", at, transaction) != workflow.Versions) return false;
            connection.Execute("DELETE FROM workflow_versions WHERE tenant_id = @tenant AND name = @name", at, transaction);
            return connection.Execute("DELETE FROM workflows WHERE tenant_id = @tenant AND name = @name", at, transaction) == 1;
        },
        cancel);

    internal Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<long>(
            new CommandDefinition("SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM workflow_versions WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)),
        cancel);

    private static void Describe(DbConnection connection, DbTransaction transaction, TenantId tenant, WorkflowPush push, DateTimeOffset now, bool isFirst)
    {
        if (isFirst)
        {
            connection.Execute(
                "INSERT INTO workflows (tenant_id, name, description, tags, search, created_at, updated_at) VALUES (@tenant, @name, @description, @tags, @search, @now, @now)",
                new { tenant = tenant.Value, name = push.Name, description = push.Description, tags = Tags(push.Tags ?? []), search = Search(push.Name, push.Description), now = now.UtcTicks },
                transaction);
            return;
        }

        if (push.Description is { } description)
        {
            connection.Execute(
                "UPDATE workflows SET description = @description, search = @search WHERE tenant_id = @tenant AND name = @name",
                new { tenant = tenant.Value, name = push.Name, description, search = Search(push.Name, description) }, transaction);
        }

        if (push.Tags is { } tags)
        {
            connection.Execute(
                "UPDATE workflows SET tags = @tags WHERE tenant_id = @tenant AND name = @name", new { tenant = tenant.Value, name = push.Name, tags = Tags(tags) }, transaction);
        }
    }

    private static void Insert(DbConnection connection, DbTransaction transaction, TenantId tenant, WorkflowVersion version)
    {
        var number = ExactVersion.Read(version.Pin.Version)!.Value;
        connection.Execute(
            """
            INSERT INTO workflow_versions (tenant_id, name, major, minor, patch, hash, plan, bytes, created_at, created_by)
            VALUES (@tenant, @name, @major, @minor, @patch, @hash, @plan, @bytes, @at, @by)
            """,
            new
            {
                tenant = tenant.Value, name = version.Pin.Name, major = number.Major, minor = number.Minor, patch = number.Patch, hash = version.Pin.Hash,
                plan = version.Plan!.Value.GetRawText(), bytes = version.Bytes, at = version.CreatedAt.UtcTicks, by = version.CreatedBy,
            },
            transaction);
        connection.Execute(
            "UPDATE workflows SET updated_at = @at WHERE tenant_id = @tenant AND name = @name", new { tenant = tenant.Value, name = version.Pin.Name, at = version.CreatedAt.UtcTicks }, transaction);
    }

    private Task<IReadOnlyList<Workflow>> WorkflowsAsync(TenantId tenant, string sql, object values, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (IReadOnlyList<Workflow>)[.. (await connection.QueryAsync<WorkflowRow>(new CommandDefinition(sql, values, cancellationToken: token))).Select(row => row.ToWorkflow())],
        cancel);

    private Task<IReadOnlyList<WorkflowVersion>> QueryAsync(TenantId tenant, string sql, object values, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (IReadOnlyList<WorkflowVersion>)[.. (await connection.QueryAsync<VersionRow>(new CommandDefinition(sql, values, cancellationToken: token))).Select(row => row.ToVersion())],
        cancel);

    private static string Tags(IReadOnlyList<string> tags) => JsonSerializer.Serialize([.. tags], TagJson.Default.StringArray);

    private static string Search(string name, string? description) => $"{name} {description}".ToLowerInvariant();

    private static string Literal(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}

/// <summary>What is stored where a version is to be put.</summary>
/// <param name="Others">Workflows of other names.</param>
internal sealed record Shelf(long Others, IReadOnlyList<WorkflowVersion> Versions);
