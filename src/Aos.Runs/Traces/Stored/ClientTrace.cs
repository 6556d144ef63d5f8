using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A client's trace as it came, read and not yet redacted.</summary>
internal sealed record ClientTrace(string Id, string RunId, string CorrelationId, string? AgentId, string Status, Trace11 Sdk, IReadOnlyList<StoredStep> Steps, int Bytes)
{
    internal string? FrozenTimestamp { get; init; }

    internal DateTimeOffset? StartedAt { get; init; }

    internal DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The SDKs' <c>hash_trace</c> of the plan.</summary>
    internal required string PlanHash { get; init; }

    /// <summary>SHA-256 over five texts, each ended by a line feed: the form's name, schema version, hash of the plan, hash of the metadata, root.</summary>
    internal string FullHash => ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes($"aos.client-trace.v2\n{Sdk.Version}\n{PlanHash}\n{PythonJson.HashTrace(Sdk.Metadata)}\n{Sdk.RootHash}\n"));

    /// <summary>What is stored: the same hashes, without secrets.</summary>
    internal StoredTrace Redacted(TenantId tenant, string by, DateTimeOffset now) => new(
        new StoredHead(
            Id, RunId, CorrelationId, tenant, AgentId, Status, Sdk.Seed, FrozenTimestamp, Sdk.RootHash!, PlanHash, StartedAt ?? now, CompletedAt, now)
        {
            Steps = Steps.Count, Successes = Steps.Count(step => step.Status == "success"), Failures = Steps.Count(step => step.Status == "failure"),
            CostCents = Steps.Sum(step => step.CostCents), DurationMs = Steps.Sum(step => step.Sdk.DurationMs),
        },
        Sdk with { Plan = Redactor.RedactAll(Sdk.Plan), Metadata = Redactor.RedactAll(Sdk.Metadata) },
        FullHash, by,
        [.. Steps.Select(step => step with { Params = Redactor.RedactAll(step.Params), Data = step.Data is { } data ? Redactor.RedactAll(data) : null })]);
}
