using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A failed run tried again: as it is, or as an approved suggestion says.</summary>
internal static class RunRetries
{
    internal static async Task RetryAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        var reason = RunRoutes.Reason(context, body);
        if (body.TextOf("suggestion_id") is not { } named)
        {
            await RunRoutes.CommandAsync(context, new RetryRun(reason));
            return;
        }

        var (run, suggestion) = (RunRoutes.Id(context), RecoveryRoutes.Id(named));
        var (candidate, _) = await RecoveryRoutes.Desk(context).FindAsync(context.Caller(), suggestion, context.RequestAborted) ?? throw RecoveryRoutes.Unknown(suggestion);
        if (candidate.Action.IsFork)
        {
            // Else whoever may only steer runs would start and read one so.
            await context.NeedAsync("run:write");
            await context.NeedAsync("run:read");
        }

        var asked = context.Text("reason") ?? body.TextOf("reason");
        var (goes, refusal) = await RecoveryRoutes.Desk(context).ApplyAsync(context.Caller(), run, candidate, asked is null ? null : reason, context.RequestAborted);
        if (goes is not { } id) throw new RefusedException(refusal!);
        var state = await context.RequestServices.GetRequiredService<IRuns>().ReadAsync(context.Caller(), id, context.RequestAborted) ?? throw RunRoutes.Unknown(context);
        await context.ReplyAsync(writer => RunWire.Write(writer, state));
    }
}
