using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Plans that the tenant has stored, for requests that name them.</summary>
internal static class StoredPlans
{
    /// <summary>What the references of a plan stand for; null: it has none. Whoever may not use workflows is refused.</summary>
    internal static async Task<WorkflowLinks?> LinksAsync(this HttpContext context, JsonElement source, string permission, WorkflowPin? self = null)
    {
        if (WorkflowLinks.ReferencesIn(source).Count == 0) return null;
        await context.NeedAsync(permission);
        return await context.Workflows().LinksAsync(context.Caller().Tenant, source, self, context.RequestAborted);
    }

    /// <summary>The version that <c>NAME[@SELECTOR]</c> stands for, or the refusal.</summary>
    internal static async Task<WorkflowVersion> VersionAsync(this HttpContext context, string reference)
    {
        var (version, refusal) = await context.Workflows().ResolveAsync(context.Caller().Tenant, reference, context.RequestAborted);
        return version ?? throw new RefusedException(refusal!);
    }

    /// <summary>A stored plan as it is read now; a deprecated version comes with a warning.</summary>
    internal static async Task<(WorkflowVersion Version, PlanReading Reading)> StoredAsync(this HttpContext context, string reference, bool allowUnknownSkills)
    {
        var version = await context.VersionAsync(reference);
        var plan = version.Plan!.Value;
        var links = await context.Workflows().LinksAsync(context.Caller().Tenant, plan, version.Pin, context.RequestAborted);
        var reading = context.RequestServices.GetRequiredService<ISkills>().ReadStored(plan, allowUnknownSkills, links);
        return version.Deprecated is { } deprecation
            ? (version, reading with { Warnings = [WorkflowWire.Remark(version.Pin, deprecation), .. reading.Warnings] })
            : (version, reading);
    }

    internal static IWorkflows Workflows(this HttpContext context) => context.RequestServices.GetRequiredService<IWorkflows>();
}
