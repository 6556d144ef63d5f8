using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored workflows of each tenant.</summary>
internal sealed class WorkflowBook(IDatabase database, IRunRows rows, TimeProvider clock) : IWorkflows, IKeepsBytes
{
    /// <summary>Workflows of one tenant.</summary>
    internal const int WorkflowsMax = 1_000;

    /// <summary>Versions of one workflow.</summary>
    internal const int VersionsMax = 500;

    /// <summary>Of the plan of one version.</summary>
    internal const int PlanBytesMax = 1024 * 1024;

    internal static readonly Migration[] Migrations = [WorkflowTable.Migration];

    private readonly WorkflowTable table = new(database);

    public Task<WorkflowPushed> PushAsync(Caller caller, WorkflowPush push, CancellationToken cancel)
    {
        if (push.Version is { } named && ExactVersion.Read(named) is null)
            return Task.FromResult(new WorkflowPushed(null, false, FailureCatalog.Fail("INVALID_PLAN", $"version: '{Short(named)}' is no MAJOR.MINOR.PATCH such as 1.4.0. Without one the next patch is taken.")));
        var plan = Json.Write(push.Plan.WriteTo); // Without the spaces it came with.
        var bytes = plan.Bytes();
        if (bytes > PlanBytesMax) return Task.FromResult(new WorkflowPushed(null, false, FailureCatalog.Fail("INPUT_TOO_LARGE", $"The plan has {bytes} bytes; a stored one has at most {PlanBytesMax}.")));
        return table.PushAsync(caller, push, shelf => Decide(shelf, push, version => new WorkflowVersion(
            new WorkflowPin(push.Name, version.ToString(), push.Hash), plan, bytes, clock.GetUtcNow(), caller.Principal)), cancel);
    }

    public Task<IReadOnlyList<Workflow>> ListAsync(TenantId tenant, WorkflowFilter filter, CancellationToken cancel) => table.ListAsync(tenant, filter, cancel);

    public Task<Workflow?> FindAsync(TenantId tenant, string name, CancellationToken cancel) => table.FindAsync(tenant, name, cancel);

    public Task<IReadOnlyList<WorkflowVersion>> VersionsAsync(TenantId tenant, string name, string? below, int limit, CancellationToken cancel) =>
        table.VersionsAsync(tenant, name, below is null ? null : ExactVersion.Read(below), limit, cancel);

    public async Task<(WorkflowVersion? Version, Failure? Refusal)> ResolveAsync(TenantId tenant, string reference, CancellationToken cancel)
    {
        if (Selector.OfReference(reference) is not { } meant)
            return (null, FailureCatalog.Fail("NOT_FOUND", $"'{Short(reference)}' names no workflow: write NAME, NAME@latest, NAME@2, NAME@2.1 or NAME@2.1.0."));
        var version = await table.ChooseAsync(tenant, meant.Name, meant.Selector, cancel);
        if (version is null) return (null, await UnknownAsync(tenant, meant.Name, reference, cancel));
        return version.Deprecated is { } deprecation && !meant.Selector.IsExact
            ? (null, FailureCatalog.Fail("WORKFLOW_DEPRECATED", $"Every version of {reference} is deprecated{Why(deprecation)}. {version.Pin.Id} can still be named in full."))
            : (version, null);
    }

    public Task<WorkflowLinks> LinksAsync(TenantId tenant, JsonElement source, WorkflowPin? self, CancellationToken cancel) =>
        new LinkSearch(reference => ResolveAsync(tenant, reference, cancel)).RunAsync(source, self);

    public async Task<(WorkflowVersion Before, WorkflowVersion After)?> DeprecateAsync(
        Caller caller, string name, string version, bool isDeprecated, string? message, CancellationToken cancel) => ExactVersion.Read(version) is { } exact
        ? await table.DeprecateAsync(caller.Tenant, name, exact, isDeprecated ? new WorkflowDeprecation(clock.GetUtcNow(), caller.Principal, message) : null, cancel)
        : null;

    public async Task<(Workflow? Deleted, Failure? Refusal)> DeleteAsync(Caller caller, string name, CancellationToken cancel)
    {
        if (await table.FindAsync(caller.Tenant, name, cancel) is not { } workflow) return (null, null);
        var run = await rows.ListAsync(new RunFilter(caller.Tenant, Workflow: name, Limit: 1), cancel);
        if (run is [var one])
            return (null, FailureCatalog.Fail("WORKFLOW_CONFLICT", $"Run {one.Id} ran {one.Workflow}: what was run stays on record. Deprecate its versions instead."));
        return await table.DeleteAsync(caller.Tenant, workflow, cancel)
            ? (workflow, null)
            : (null, FailureCatalog.Fail("WORKFLOW_CONFLICT", $"{name} was changed at the same moment. Look at it again."));
    }

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => table.BytesAsync(tenant, cancel);

    /// <summary>What is said to whoever names a deprecated version in full; null: it is in use.</summary>
    internal static PlanProblem? Remark(WorkflowVersion version, string path) => version.Deprecated is { } deprecation
        ? new PlanProblem(path, "WORKFLOW_DEPRECATED", $"{version.Pin.Id} is deprecated{Why(deprecation)}.")
        : null;

    private static WorkflowPushed Decide(Shelf shelf, WorkflowPush push, Func<ExactVersion, WorkflowVersion> make)
    {
        var known = shelf.Versions.Select(version => (Number: ExactVersion.Read(version.Pin.Version)!.Value, version)).OrderByDescending(one => one.Number.Major)
            .ThenByDescending(one => one.Number.Minor).ThenByDescending(one => one.Number.Patch).ToList();
        var wanted = push.Version is null ? null : ExactVersion.Read(push.Version);
        if (wanted is { } exact && known.Find(one => one.Number == exact) is { version: { } taken })
        {
            return taken.Pin.Hash == push.Hash
                ? new WorkflowPushed(taken, false, null)
                : new WorkflowPushed(null, false, FailureCatalog.Fail("WORKFLOW_CONFLICT", $"{taken.Pin.Id} is there already, with another plan, and versions never change. Raise the version, or leave it out."));
        }

        if (wanted is null && known is [var (_, newest), ..] && newest.Pin.Hash == push.Hash) return new WorkflowPushed(newest, false, null);
        if (known.Count >= VersionsMax) return Full($"{push.Name} already has {VersionsMax} versions.");
        if (known.Count == 0 && shelf.Others >= WorkflowsMax) return Full($"The tenant already has {WorkflowsMax} workflows.");
        return new WorkflowPushed(make(wanted ?? (known is [var (number, _), ..] ? number.Next() : ExactVersion.First)), true, null);
    }

    private static WorkflowPushed Full(string message) => new(null, false, FailureCatalog.Fail("QUOTA_EXHAUSTED", message));

    private async Task<Failure> UnknownAsync(TenantId tenant, string name, string reference, CancellationToken cancel)
    {
        if (await table.VersionsAsync(tenant, name, null, 1, cancel) is [var newest])
            return FailureCatalog.Fail("NOT_FOUND", $"There is no {Short(reference)}; the newest version is {newest.Pin.Id}.");
        var near = Nearest.To(name, [.. await table.NamesAsync(tenant, cancel)]);
        return FailureCatalog.Fail("NOT_FOUND", $"There is no workflow {Short(name)}.{(near is null ? "" : $" Did you mean {near}?")}");
    }

    private static string Why(WorkflowDeprecation deprecation) => deprecation.Message is { } message ? $": {message}" : "";

    private static string Short(string text) => text.Length > 200 ? text[..200] : text;
}

/// <summary>Looks up the references of a plan and of the plans that they stand for.</summary>
internal sealed class LinkSearch(Func<string, Task<(WorkflowVersion? Version, Failure? Refusal)>> resolve)
{
    /// <summary>Different references of one plan, those of the plans that it refers to included.</summary>
    internal const int LinksMax = 100;

    private readonly Dictionary<string, LinkedWorkflow> found = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlanProblem> missing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlanProblem> remarks = new(StringComparer.Ordinal);

    internal async Task<WorkflowLinks> RunAsync(JsonElement source, WorkflowPin? self)
    {
        var open = new Queue<string>(WorkflowLinks.ReferencesIn(source));
        while (open.TryDequeue(out var reference))
        {
            if (found.ContainsKey(reference) || missing.ContainsKey(reference)) continue;
            if (found.Count >= LinksMax)
            {
                missing[reference] = new PlanProblem("", "INVALID_PLAN", $"The plan and those it refers to name more than {LinksMax} workflows.");
                continue;
            }

            if (await LookAsync(reference) is not { } linked) continue;
            found[reference] = linked;
            foreach (var further in WorkflowLinks.ReferencesIn(linked.Plan)) open.Enqueue(further);
        }

        return new WorkflowLinks
        {
            Self = self,
            Found = found.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Missing = missing.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Remarks = remarks.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    private async Task<LinkedWorkflow?> LookAsync(string reference)
    {
        var (version, refusal) = await resolve(reference[WorkflowLinks.Scheme.Length..]);
        if (version is null)
        {
            missing[reference] = new PlanProblem("", refusal!.Code == "NOT_FOUND" ? "INVALID_REFERENCE" : refusal.Code, refusal.Message, "workflow:NAME@VERSION");
            return null;
        }

        if (WorkflowBook.Remark(version, "") is { } remark) remarks[reference] = remark;
        return new LinkedWorkflow(version.Pin, version.Plan!.Value);
    }
}
