using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos costsim divergence</c>, <c>drift</c> and <c>provenance</c>.</summary>
internal static class DivergenceVerbs
{
    internal static Command Divergence()
    {
        var days = new Option<int>("--days") { Description = "Of so many days, 1 to 90.", HelpName = "NUMBER", DefaultValueFactory = _ => 7 };
        var against = new Option<string>("--against") { Description = "v2: the first model against the second; actual: estimates against what was paid.", HelpName = "v2|actual", DefaultValueFactory = _ => "v2" };
        var command = new Command("divergence", "How far costs lie apart.\n\nExample: aos costsim divergence --against actual --days 30") { days, against };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/divergence?days={parsed.GetValue(days)}&against={Uri.EscapeDataString(parsed.GetValue(against)!)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    internal static Command Drift()
    {
        var hours = new Option<int>("--window-hours") { Description = "Of so many hours, 1 to 2160; the two windows before it are looked at too.", HelpName = "NUMBER", DefaultValueFactory = _ => 24 };
        var measure = new Option<string>("--measure") { Description = "cost or duration.", HelpName = "MEASURE", DefaultValueFactory = _ => "cost" };
        var skill = new Option<string?>("--skill") { Description = "Of this skill alone.", HelpName = "NAME" };
        var command = new Command("drift", "Which skills cost something else than estimated. Exits with 1 when one is at WARN or above.\n\nExample: aos costsim drift --window-hours 168") { hours, measure, skill };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var of = parsed.GetValue(skill) is { } name ? $"&skill_id={Uri.EscapeDataString(name)}" : "";
            var found = await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/drift?window_hours={parsed.GetValue(hours)}&measure={Uri.EscapeDataString(parsed.GetValue(measure)!)}{of}", null, cancel);
            var skills = found.GetProperty("skills").EnumerateArray().ToList();
            foreach (var one in skills) Tell(parsed, one);
            return skills.Exists(one => one.GetText("level") != "NONE") ? 1 : 0;
        }, cancel));
        return command;
    }

    internal static Command Provenance()
    {
        (Option<string?> Option, string Query)[] filters =
        [
            (new("--run") { Description = "Of this run.", HelpName = "ID" }, "run_id"),
            (new("--variant") { Description = "v1, v2, canary or actual.", HelpName = "VARIANT" }, "variant"),
            (new("--source") { Description = "simulate, shadow, canary, run, manual or backfill.", HelpName = "SOURCE" }, "source"),
            (new("--model-version") { Description = "Of this version of a model.", HelpName = "VERSION" }, "model_version"),
            (new("--from") { Description = "Of this time and later.", HelpName = "TIME" }, "start_date"),
            (new("--until") { Description = "Before this time.", HelpName = "TIME" }, "end_date"),
        ];
        var id = new Argument<string?>("id") { Description = "Shows this record with question and answer.", Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1000.", HelpName = "NUMBER", DefaultValueFactory = _ => 100 };
        var command = new Command("provenance", "What models were asked and said, and what runs cost; newest first.\n\nExample: aos costsim provenance --variant actual --limit 10") { id, limit };
        foreach (var (option, _) in filters) command.Options.Add(option);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            if (parsed.GetValue(id) is { } one)
            {
                Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/provenance/{Uri.EscapeDataString(one)}", null, cancel));
                return 0;
            }

            var query = string.Concat(filters.Select(filter => parsed.GetValue(filter.Option) is { } value ? $"&{filter.Query}={Uri.EscapeDataString(value)}" : ""));
            var page = await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/provenance?limit={parsed.GetValue(limit)}{query}", null, cancel);
            foreach (var record in page.GetProperty("records").EnumerateArray()) Report.Line(record);
            return 0;
        }, cancel));
        return command;
    }

    private static void Tell(ParseResult parsed, JsonElement skill)
    {
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(skill);
        else
        {
            var drift = skill.GetProperty("drift").GetDouble().ToString("+0.0 %;-0.0 %;0.0 %", CultureInfo.InvariantCulture);
            var runs = string.Join(' ', skill.GetProperty("evidence_runs").EnumerateArray().Select(run => run.GetString()));
            Console.Out.WriteLine(PlainText.Of($"{skill.GetText("level"),-8} {drift,9} {skill.GetProperty("sample_count"),6}  {skill.GetText("skill_id")}  {runs}".TrimEnd()));
        }
    }
}
