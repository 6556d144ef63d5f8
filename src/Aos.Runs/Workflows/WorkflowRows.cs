using System.Text.Json;
using System.Text.Json.Serialization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class TagJson : JsonSerializerContext;

/// <summary>A row of <c>workflow_versions</c>; <see cref="PlanText"/> is there where it was asked for.</summary>
internal sealed class VersionRow
{
    public string Name { get; set; } = "";
    public long Major { get; set; }
    public long Minor { get; set; }
    public long Patch { get; set; }
    public string Hash { get; set; } = "";
    public long Bytes { get; set; }
    public long CreatedAt { get; set; }
    public string CreatedBy { get; set; } = "";
    public long? DeprecatedAt { get; set; }
    public string? DeprecatedBy { get; set; }
    public string? Remark { get; set; }
    public string? PlanText { get; set; }

    internal WorkflowVersion ToVersion() => new(
        new WorkflowPin(Name, new ExactVersion((int)Major, (int)Minor, (int)Patch).ToString(), Hash), PlanText is null ? null : Json.Parse(PlanText), (int)Bytes, At(CreatedAt), CreatedBy)
    {
        Deprecated = DeprecatedAt is { } at ? new WorkflowDeprecation(At(at), DeprecatedBy ?? "", Remark) : null,
    };

    internal static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}

/// <summary>A row of <c>workflows</c> with what is told of its versions.</summary>
internal sealed class WorkflowRow
{
    public string Name { get; set; } = "";
    public string? Description { get; set; }
    public string Tags { get; set; } = "[]";
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }

    /// <summary>Version and hash, a space between them.</summary>
    public string Newest { get; set; } = " ";

    public long Versions { get; set; }
    public long InUse { get; set; }

    internal Workflow ToWorkflow() => new(
        Name, Description, JsonSerializer.Deserialize(Tags, TagJson.Default.StringArray)!, Newest.Split(' ')[0], Newest.Split(' ')[1], (int)Versions, InUse == 0,
        VersionRow.At(CreatedAt), VersionRow.At(UpdatedAt));
}
