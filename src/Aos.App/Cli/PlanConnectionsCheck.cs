using System.CommandLine;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.App.Cli;

/// <summary>Asks a house about the connections of a plan. A plan that names none is looked at without one.</summary>
internal static class PlanConnectionsCheck
{
    internal static async Task<int> TellAsync(ParseResult parsed, Plan plan, string? agent, string file, CancellationToken cancel)
    {
        if (!NamesAny(plan.Source)) return 0;
        var place = CommandLine.Place(parsed);
        if (place.Server is null && !Directory.Exists(place.Data) && !Composition.IsShared(new HouseOptions(place.Data, place.Workspace)))
        {
            await Console.Error.WriteLineAsync($"{file}: warning: connections were not looked at: there is no house at {place.Data}. Name one with --server or --data.");
            return 0;
        }

        return await Houses.InAsync(place, async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Post, "api/v1/simulate", Question(plan, agent), cancel);
            if (answer.Get("connection_problems") is not { } problems) return 0;
            foreach (var problem in problems.EnumerateArray())
                await Console.Error.WriteLineAsync($"{file}: {problem.GetText("path")}: warning: {problem.GetText("code")}: {PlainText.Of(problem.GetText("message")!)}");
            return 0;
        }, cancel);
    }

    private static JsonElement Question(Plan plan, string? agent) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("plan");
        plan.Source.WriteTo(writer);
        if (agent is not null) writer.WriteString("agent_id", agent);
        writer.WriteEndObject();
    });

    /// <summary>Whether anything in it is called connection: the house looks closer.</summary>
    private static bool NamesAny(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => member.Name == "connection" || NamesAny(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(NamesAny),
        _ => false,
    };
}
