using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What workflows and their tags may be called.</summary>
public static partial class WorkflowNames
{
    /// <summary>What a name is, for messages.</summary>
    public const string Rule = "1 to 128 letters, digits, points, _ and -, the first a letter or digit";

    /// <summary>What a tag is, for messages.</summary>
    public const string TagRule = "1 to 64 small letters, digits, points, _ and -";

    public static bool IsName(string text) => Name().IsMatch(text);

    public static bool IsTag(string text) => Tag().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[a-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}

/// <summary>Sets a version of a workflow apart: by name it is chosen no more.</summary>
/// <param name="Message">What to use instead, for whoever names the version.</param>
public sealed record WorkflowDeprecation(DateTimeOffset At, string By, string? Message);

/// <summary>One version of a workflow. It never changes, but for being deprecated.</summary>
/// <param name="Plan">In the normal shape; null where a list leaves it out.</param>
/// <param name="Bytes">Of the plan's JSON.</param>
public sealed record WorkflowVersion(WorkflowPin Pin, JsonElement? Plan, int Bytes, DateTimeOffset CreatedAt, string CreatedBy)
{
    public WorkflowDeprecation? Deprecated { get; init; }
}

/// <summary>A named plan of a tenant.</summary>
/// <param name="Newest">The highest version that is not deprecated, else the highest.</param>
/// <param name="Versions">How many there are.</param>
/// <param name="IsDeprecated">All versions are.</param>
public sealed record Workflow(
    string Name, string? Description, IReadOnlyList<string> Tags, string Newest, string Hash, int Versions, bool IsDeprecated, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A version to store.</summary>
/// <param name="Plan">Already read, in the normal shape.</param>
/// <param name="Version">Exact, or null: the next patch of the highest one, <c>1.0.0</c> at first.</param>
/// <param name="Description">Null: as before.</param>
/// <param name="Tags">Null: as before.</param>
public sealed record WorkflowPush(string Name, JsonElement Plan, string Hash, string? Version, string? Description, IReadOnlyList<string>? Tags);

/// <summary>What came of storing a version.</summary>
/// <param name="IsNew">False: it was there already, with the same plan.</param>
public sealed record WorkflowPushed(WorkflowVersion? Version, bool IsNew, Failure? Refusal);

/// <summary>Which workflows to list, by name. Null members don't filter.</summary>
/// <param name="Prefix">Names that begin so.</param>
/// <param name="Text">Words in name or description, whatever their case.</param>
/// <param name="After">Keyset: only names after this one.</param>
/// <param name="Limit">1 to 1,000.</param>
public sealed record WorkflowFilter(string? Prefix = null, string? Text = null, string? Tag = null, bool Deprecated = false, string? After = null, int Limit = 100);

/// <summary>Door of the stored workflows. Those of another tenant are not there.</summary>
public interface IWorkflows
{
    Task<WorkflowPushed> PushAsync(Caller caller, WorkflowPush push, CancellationToken cancel);

    Task<IReadOnlyList<Workflow>> ListAsync(TenantId tenant, WorkflowFilter filter, CancellationToken cancel);

    Task<Workflow?> FindAsync(TenantId tenant, string name, CancellationToken cancel);

    /// <summary>Highest first, without their plans.</summary>
    /// <param name="below">Only versions below this one, or null.</param>
    Task<IReadOnlyList<WorkflowVersion>> VersionsAsync(TenantId tenant, string name, string? below, int limit, CancellationToken cancel);

    /// <summary>
    /// The version that <c>NAME</c> or <c>NAME@SELECTOR</c> stands for now: an exact one, or the highest that is not deprecated of
    /// <c>2</c>, <c>2.1</c> or <c>latest</c>. Refused with <c>NOT_FOUND</c> and the nearest name, or <c>WORKFLOW_DEPRECATED</c>.
    /// </summary>
    Task<(WorkflowVersion? Version, Failure? Refusal)> ResolveAsync(TenantId tenant, string reference, CancellationToken cancel);

    /// <summary>What the references in a plan stand for now, those of the plans that they name included.</summary>
    /// <param name="self">The workflow that the plan itself is, or null.</param>
    Task<WorkflowLinks> LinksAsync(TenantId tenant, JsonElement source, WorkflowPin? self, CancellationToken cancel);

    /// <summary>Deprecates a version, or takes that back. Null: there is none such.</summary>
    Task<(WorkflowVersion Before, WorkflowVersion After)?> DeprecateAsync(Caller caller, string name, string version, bool isDeprecated, string? message, CancellationToken cancel);

    /// <summary>Deletes a workflow with its versions. Refused with <c>WORKFLOW_CONFLICT</c> once a run of it is on record. Null and no refusal: there is none.</summary>
    Task<(Workflow? Deleted, Failure? Refusal)> DeleteAsync(Caller caller, string name, CancellationToken cancel);
}
