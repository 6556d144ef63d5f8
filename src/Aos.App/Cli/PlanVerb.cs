using System.CommandLine;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.App.Cli;

/// <summary><c>aos plan check</c> and <c>aos plan show</c>.</summary>
internal static class PlanVerb
{
    internal static Command Command()
    {
        var file = new Argument<string>("file") { Description = "Plan file, JSON or YAML; - reads standard input." };
        var agent = new Option<string?>("--agent") { Description = "Agent that would run it: whether connections are for it. Default: default.", HelpName = "AGENT" };
        var check = new Command("check", """
            Names every mistake of a plan at once, and connections that it names and would not get. Exit code 2 when there is a mistake.
            No store is opened but for connections.

            Example: aos plan check plan.yaml
            """)
        {
            file, agent,
        };
        check.SetAction((parsed, cancel) => CheckAsync(parsed, parsed.GetValue(file)!, parsed.GetValue(agent), cancel));
        var shown = new Argument<string>("file") { Description = "Plan file, JSON or YAML; - reads standard input." };
        var show = new Command("show", "Prints the plan in its normal shape.") { shown };
        show.SetAction((parsed, cancel) => ReadAsync(parsed.GetValue(shown)!, show: true, cancel));
        return new Command("plan", "Looks at plans.") { check, Diff(), show };
    }

    /// <summary>Prints problems and warnings, one a line, on standard error.</summary>
    internal static void Print(PlanReading reading, string file)
    {
        foreach (var problem in reading.Problems)
            Console.Error.WriteLine($"{file}: {problem.Path}: {problem.Code}: {problem.Message}{(problem.Suggestion is { } s ? " " + s : "")}");
        foreach (var warning in reading.Warnings)
            Console.Error.WriteLine($"{file}: {warning.Path}: warning: {warning.Message}{(warning.Suggestion is { } s ? " " + s : "")}");
    }

    private static Command Diff()
    {
        var before = new Argument<string>("before") { Description = "Plan file." };
        var after = new Argument<string>("after") { Description = "Plan file." };
        var command = new Command("diff", "Says what changed between two plans, and which runs could go on under the new one. Exit code 0 when nothing did, 1 else.\n\nExample: aos plan diff old.yaml new.yaml") { before, after };
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                await using var services = Skills();
                var terms = services.GetRequiredService<ISkills>().Terms;
                var old = PlanReader.Read(await PlanFile.ReadAsync(parsed.GetValue(before)!, cancel), terms);
                var now = PlanReader.Read(await PlanFile.ReadAsync(parsed.GetValue(after)!, cancel), terms);
                Print(old, parsed.GetValue(before)!);
                Print(now, parsed.GetValue(after)!);
                if (old.Plan is null || now.Plan is null) return 2;
                var changes = PlanChanges.Of(old.Plan, now.Plan);
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(changes.ToJson());
                else PlanChanges.Print(changes.ToJson());
                return changes.IsEmpty ? 0 : 1;
            }
            catch (Exception e) when (e is PlanFileException or UnavailableException)
            {
                return Report.Fail(2, e.Message);
            }
        });
        return command;
    }

    /// <summary>A plan that refers to workflows is checked by the house, if there is one to ask; any other needs none.</summary>
    private static async Task<int> CheckAsync(ParseResult parsed, string file, string? agent, CancellationToken cancel)
    {
        try
        {
            var source = await PlanFile.ReadAsync(file, cancel);
            var place = CommandLine.Place(parsed);
            var hasHouse = place.Server is not null || Directory.Exists(place.Data) || Composition.IsShared(new HouseOptions(place.Data, place.Workspace));
            if (WorkflowLinks.ReferencesIn(source).Count == 0 || !hasHouse)
                return await ReadAsync(source, file, show: false, plan => PlanConnectionsCheck.TellAsync(parsed, plan, agent, file, cancel));
            return await Houses.InAsync(place, house => WorkflowsVerb.ValidateAsync(house, source, file, parsed.GetValue(CommandLine.AsJson), cancel), cancel);
        }
        catch (Exception e) when (e is PlanFileException or UnavailableException)
        {
            return Report.Fail(2, e.Message);
        }
    }

    private static async Task<int> ReadAsync(string file, bool show, CancellationToken cancel)
    {
        try
        {
            return await ReadAsync(await PlanFile.ReadAsync(file, cancel), file, show);
        }
        catch (Exception e) when (e is PlanFileException or UnavailableException)
        {
            return Report.Fail(2, e.Message);
        }
    }

    private static async Task<int> ReadAsync(System.Text.Json.JsonElement source, string file, bool show, Func<Plan, Task<int>>? more = null)
    {
        await using var services = Skills();
        var reading = services.GetRequiredService<ISkills>().ReadPlan(source);
        Print(reading, file);
        if (reading.Plan is not { } plan) return 2;
        if (show) Report.Pretty(plan.Source);
        else Console.Out.WriteLine($"{file}: {plan.Name} {plan.Version}, {RunText.Counted(plan.Steps.Length, "step")}, hash {plan.Hash}");
        return more is null ? 0 : await more(plan);
    }

    /// <summary>The skills alone, those of the skills folder too: no store is opened to look at a plan.</summary>
    internal static ServiceProvider Skills()
    {
        var options = Composition.Skills("workspace");
        if (options.Problems is [var problem, ..]) throw new UnavailableException($"CONFIG_INVALID: {problem}");
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkills(options);
        Aos.Egress.EgressRoom.AddEgress(new AosBuilder(services, new ConfigurationBuilder().Build()), new Aos.Egress.EgressOptions());
        return services.BuildServiceProvider();
    }
}
