using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Simulate: what a plan will cost, how long it takes, and whether it can work.</summary>
internal static class SimulateRoutes
{
    internal static void MapSimulate(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/runtime/simulate", SimulateAsync);
        routes.MapPost("/api/v1/simulate", SimulateAsync);
    }

    [Needs("runtime:simulate", ChangesNothing = true, OpenInDevelopment = true)]
    private static async Task SimulateAsync(HttpContext context)
    {
        var body = await context.BodyAsync();
        var services = context.RequestServices;
        var question = await SimulateQuestion.ReadAsync(context, body);
        var agents = services.GetRequiredService<IAgents>();
        if (await agents.FindAsync(context.Caller().Tenant, question.Request.AgentId!, context.RequestAborted) is { } agent) question = question.For(agent);
        var simulation = services.GetRequiredService<ICosts>().Simulate(question.Request);
        await context.ReplyAsync(writer => SimulateWire.Write(writer, question, simulation));
    }
}
