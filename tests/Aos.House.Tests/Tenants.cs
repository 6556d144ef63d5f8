using System.Text.RegularExpressions;

namespace Aos.House.Tests;

/// <summary>A statement names the tenant whose rows it touches, or stands here with the reason why not.</summary>
public sealed partial class Tenants
{
    /// <summary>Who may work for the house, over the rows of all tenants.</summary>
    private static readonly SortedDictionary<string, string> ForHouse = new(StringComparer.Ordinal)
    {
        ["src/Aos.App/Server/NewestSave.cs"] = "when anything was stored, of all tenants",
        ["src/Aos.App/Server/StoreProbe.cs"] = "the store's health",
        ["src/Aos.Approvals/Webhooks/DeliveryTable.cs"] = "the sweep of old deliveries",
        ["src/Aos.Approvals/Webhooks/EndpointTable.cs"] = "whose endpoint a delivery is for, its row says",
        ["src/Aos.CostSim/Actuals/CostRecordTable.cs"] = "the follower writes for all tenants; the canary reads figures of all; the sweep of old records",
        ["src/Aos.CostSim/Actuals/EndedRunList.cs"] = "the follower goes along the ends of all runs",
        ["src/Aos.CostSim/Breaker/BreakerTable.cs"] = "one breaker for all; its rows have no tenant",
        ["src/Aos.CostSim/Canary/CanaryLease.cs"] = "one canary for all; its row has no tenant",
        ["src/Aos.CostSim/Canary/CanaryTable.cs"] = "reports are of the house and hold hashes and figures of tenants' samples",
        ["src/Aos.CostSim/Canary/GoldenShelf.cs"] = "approved answers to the reference datasets; no tenant's",
        ["src/Aos.CostSim/Budgets/BudgetAlertQueue.cs"] = "a chore finds which tenants have alerts that stand; alerts lie in the house's outbox",
        ["src/Aos.CostSim/Models/CallTable.cs"] = "counts of calls of all tenants, each row with its own; their retention",
        ["src/Aos.CostSim/Provenance/ProvenanceTable.cs"] = "batches of several tenants; the canary samples all; the sweep of old records",
        ["src/Aos.Failures/CandidateTable.cs"] = "a chore gathers for all tenants",
        ["src/Aos.Failures/FailureTable.cs"] = "the sweep of old failures",
        ["src/Aos.Failures/Recovery/RecoveryResults.cs"] = "a chore looks what came of suggestions of all tenants, and sweeps old ones",
        ["src/Aos.Identity/Audit/AuditTable.cs"] = "the record is one chain over all tenants; what a tenant lists is scoped",
        ["src/Aos.Identity/Keys/KeyTable.cs"] = "a presented key says of which tenant it is; last uses are noted for all",
        ["src/Aos.Identity/KillSwitches/KillTable.cs"] = "what is stopped is known before it is known whose run it is; the house has switches of its own",
        ["src/Aos.Identity/Rbac/PolicyTable.cs"] = "one policy for all",
        ["src/Aos.Identity/Revision.cs"] = "one number for all",
        ["src/Aos.Identity/Secrets/SecretReencryption.cs"] = "the key is the house's",
        ["src/Aos.Identity/Secrets/SecretSweep.cs"] = "a chore finds which tenants have ended values",
        ["src/Aos.Identity/Secrets/SecretTable.cs"] = "last uses are noted for all",
        ["src/Aos.Identity/Tenants/TenantTable.cs"] = "the house lists its tenants",
        ["src/Aos.Memory/Pins/PinAuditTable.cs"] = "reads of several tenants are put on record in one write; their retention",
        ["src/Aos.Memory/Pins/PinTable.cs"] = "the sweep finds which tenants have expired entries",
        ["src/Aos.Memory/Recall/RecallSweep.cs"] = "the sweep finds which tenants have notes whose time is over",
        ["src/Aos.Memory/Recall/VectorTable.cs"] = "a chore finds which tenants have notes without vectors, and counts those of all",
        ["src/Aos.Runs/Bulk/BulkTable.cs"] = "a chore goes on with orders of all tenants",
        ["src/Aos.Runs/Traces/Signatures.cs"] = "a chore signs runs of several tenants in one write",
        ["src/Aos.Runs/Traces/Stored/TraceTable.cs"] = "a chore finds which tenants have old traces",
        ["src/Aos.Skills/KeyValue/KvStore.cs"] = "the sweep of expired keys",
        ["src/Aos.Storage/Archive/ArchiveIndex.cs"] = "files hold runs of all tenants; whoever asks for a run compares its tenant",
        ["src/Aos.Storage/ExpiredRows.cs"] = "a chore",
        ["src/Aos.Storage/Keys/EncryptionKeys.cs"] = "the house's keys",
        ["src/Aos.Storage/Keys/Keyring.cs"] = "the house's keys",
        ["src/Aos.Storage/Ledger/BudgetTables.cs"] = "a chore looks at what tenants spent and keeps what it says of them",
        ["src/Aos.Storage/Ledger/Ledger.cs"] = "a chore lets runs of all tenants go on",
        ["src/Aos.Storage/Ledger/ReserveLine.cs"] = "calls of several tenants are reserved in one write; each line names its tenant",
        ["src/Aos.Storage/Outbox/OutboxTable.cs"] = "deliveries of all tenants; what a tenant lists or resends is scoped",
        ["src/Aos.Storage/Postgres/PostgresEndedRuns.cs"] = "archiving",
        ["src/Aos.Storage/Sqlite/SqliteEndedRuns.cs"] = "archiving",
        ["src/Aos.Storage/Sqlite/SqliteRunRows.cs"] = "the embedded store, and claims",
    };

    /// <summary>Statements without a tenant: how often a file names a table in them.</summary>
    private static readonly SortedDictionary<string, string> Untenanted = new(StringComparer.Ordinal)
    {
        ["Aos.App/Server/NewestSave.cs runs 1"] = "when anything was stored, of all tenants",
        ["Aos.Approvals/Webhooks/EndpointTable.cs webhook_endpoints 2"] = "whose endpoint it is, its row says; the columns of a new one stand in the other part of the text",
        ["Aos.CostSim/Provenance/ProvenanceTable.cs costsim_provenance 3"] = "the tenant stands in the other part of the text; without one the house asks",
        ["Aos.Failures/CandidateTable.cs failure_candidates 2"] = "what is gathered anew: a tenant's, or for a chore all tenants'",
        ["Aos.Failures/CandidateTable.cs failures 1"] = "whether there is anything to gather",
        ["Aos.Failures/FailureTable.cs failures 2"] = "the sweep of old failures",
        ["Aos.Failures/Recovery/RecoveryResults.cs recovery_candidates 2"] = "whether anything is open or old",
        ["Aos.Identity/Audit/AuditTable.cs audit_log 7"] = "the chain; lists add the tenant to their WHERE",
        ["Aos.Identity/Audit/AuditTable.cs audit_seals 2"] = "of the house",
        ["Aos.Identity/Keys/KeyTable.cs api_keys 1"] = "the presented key",
        ["Aos.Identity/KillSwitches/KillTable.cs kill_switches 1"] = "all that are engaged; a row says whose runs it stops",
        ["Aos.Memory/Pins/PinAuditTable.cs memory_audit 2"] = "what is older than it is kept, of all tenants",
        ["Aos.Memory/Recall/VectorTable.cs embedding_usage 1"] = "counts of all tenants, for the metrics",
        ["Aos.Memory/Recall/VectorTable.cs memory_vectors 1"] = "the same",
        ["Aos.Runs/Bulk/BulkTable.cs bulk_operations 1"] = "what ended long ago, of all tenants",
        ["Aos.Skills/KeyValue/KvStore.cs kv 1"] = "whether there is anything to sweep",
        ["Aos.Skills/KeyValue/KvStore.cs kv_writes 1"] = "the same",
        ["Aos.Storage/Archive/ArchiveIndex.cs archived_runs 3"] = "files hold runs of all tenants",
        ["Aos.Storage/ExpiredRows.cs idempotency 1"] = "whether there is anything to sweep",
        ["Aos.Storage/ExpiredRows.cs outbox 1"] = "the same",
        ["Aos.Storage/ExpiredRows.cs step_keys 1"] = "the same",
        ["Aos.Storage/Failures/FailureRows.cs failures 2"] = "appends, by the run's id",
        ["Aos.Storage/Ledger/Balances.cs budget_balances 3"] = "the tenant stands in the other part of the text",
        ["Aos.Storage/Ledger/LedgerSql.cs budget_waits 1"] = "appends, by the run's id",
        ["Aos.Storage/Ledger/LedgerSql.cs runs 1"] = "appends, by the run's id",
        ["Aos.Storage/Ledger/Reserving.cs ledger 2"] = "of runs whose node is known to drive them",
        ["Aos.Storage/Ledger/Reserving.cs runs 2"] = "whether a node drives a run",
        ["Aos.Storage/Outbox/OutboxSql.cs outbox 6"] = "deliveries of all tenants",
        ["Aos.Storage/Outbox/OutboxTable.cs outbox 1"] = "the tenant stands in the other part of the text",
        ["Aos.Storage/Postgres/ClusterStatements.cs outbox 1"] = "claims of a node",
        ["Aos.Storage/Postgres/ClusterStatements.cs runs 8"] = "claims of a node",
        ["Aos.Storage/Postgres/PostgresEndedRuns.cs runs 6"] = "archiving",
        ["Aos.Storage/Postgres/PostgresJournal.cs runs 1"] = "of a run whose row was asked for with its tenant",
        ["Aos.Storage/Postgres/PostgresRunRows.cs runs 7"] = "claims of a node",
        ["Aos.Storage/Postgres/QueueStatements.cs runs 4"] = "claims of a node",
        ["Aos.Storage/Postgres/TenantRows.cs runs 1"] = "the policy itself",
        ["Aos.Storage/Sqlite/MoneyStatements.cs budget_balances 1"] = "the columns stand in the other part of the text",
        ["Aos.Storage/Sqlite/MoneyStatements.cs budget_waits 1"] = "appends, by the run's id",
        ["Aos.Storage/Sqlite/MoneyStatements.cs ledger 2"] = "appends, by the run's id",
        ["Aos.Storage/Sqlite/MoneyStatements.cs runs 1"] = "appends, by the run's id",
        ["Aos.Storage/Sqlite/Schema.cs runs 2"] = "migrations",
        ["Aos.Storage/Sqlite/SqliteEndedRuns.cs archived_runs 1"] = "archiving; the columns stand elsewhere",
        ["Aos.Storage/Sqlite/SqliteEndedRuns.cs runs 6"] = "archiving",
        ["Aos.Storage/Sqlite/SqliteJournal.cs runs 1"] = "of a run whose row was asked for with its tenant",
        ["Aos.Storage/Sqlite/SqliteLine.cs runs 3"] = "claims",
        ["Aos.Storage/Sqlite/SqliteRunRows.cs runs 7"] = "claims",
        ["Aos.Storage/Sqlite/Statements.cs runs 4"] = "appends, by the run's id",
        ["Aos.Testing/CatchAlls.cs runs 1"] = "the kit looks at the runs of a test",
    };

    [Fact]
    public void Only_these_work_for_the_house() =>
        Assert.Equal(ForHouse.Keys, Tree.Find(Tree.Files("src", "*.cs"), @"[dD]atabase(\.Value)?\.ForHouse\b").Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]).Distinct());

    [Fact]
    public void Every_other_statement_names_its_tenant()
    {
        var tables = Tables();
        Assert.Contains("runs", tables);
        Assert.Contains("api_keys", tables);

        var found = Tree.Files("src", "*.cs").SelectMany(file => Statements(File.ReadAllText(file))
            .Where(sql => !sql.Contains("tenant_id", StringComparison.Ordinal))
            .SelectMany(sql => Touched().Matches(sql).Select(match => match.Groups["table"].Value).Where(tables.Contains))
            .Select(table => $"{Tree.Name(file)["src/".Length..]} {table}"));

        Assert.Equal(Untenanted.Keys, found.CountBy(name => name).Select(name => $"{name.Key} {name.Value}").Order(StringComparer.Ordinal));
    }

    /// <summary>Tables with a column for the tenant.</summary>
    private static SortedSet<string> Tables() => new(
        Tree.Files("src", "*.cs").SelectMany(file => Created().Matches(File.ReadAllText(file))).Where(match => match.Groups["columns"].Value.Contains("tenant_id", StringComparison.Ordinal))
            .Select(match => match.Groups["table"].Value),
        StringComparer.Ordinal);

    private static IEnumerable<string> Statements(string code) =>
        Texts().Matches(code).Select(match => match.Value).Where(text => !text.Contains("CREATE TABLE", StringComparison.Ordinal));

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:[^\"\\\\\n]|\\\\.)*\"", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Texts();

    [GeneratedRegex(@"CREATE TABLE (?:IF NOT EXISTS )?(?<table>\w+)\s*\((?<columns>.*?)(?:;|\n\s*\))", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Created();

    [GeneratedRegex(@"\b(?:FROM|JOIN|UPDATE|INTO) (?<table>[a-z_]+)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Touched();
}
