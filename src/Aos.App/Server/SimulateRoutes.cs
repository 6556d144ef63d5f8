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
        var agent = await agents.FindAsync(context.Caller().Tenant, question.Request.AgentId!, context.RequestAborted);
        question = question.For(agent, await SimulateMoment.OfAsync(context, question.Request, agent), await services.GetRequiredService<ICallRates>().OfAsync(context.Caller().Tenant, context.RequestAborted));
        if (question.Request.Reading.Plan is { } plan)
            question = question with { Connections = await services.GetRequiredService<ISkills>().ConnectionProblemsAsync(plan, context.Caller().Tenant, question.Request.AgentId!, context.RequestAborted) };
        var simulation = services.GetRequiredService<ICosts>().Simulate(question.Request);
        await context.ReplyAsync(writer => SimulateWire.Write(writer, question, simulation));
        if (question.Request.Reading.Plan is { } simulated)
            services.GetRequiredService<ICostModels>().Offer(new SimulatedPlan(question.Request.Tenant, simulated, question.Request.Inputs, simulation.Budget, simulation.EstimatedCost));
    }
}
