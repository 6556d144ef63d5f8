using System.CommandLine;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.App.Cli;

/// <summary><c>aos doctor</c> and <c>aos migrate</c>: they look at the store itself, whether a server is up or not.</summary>
internal static class StoreVerbs
{
    internal static Command Doctor()
    {
        var command = new Command("doctor", """
            Checks the store and what it stands on, and says what to do. Changes nothing. Exits with 1 when there is a problem.

            Examples:
              aos doctor
              AOS_DATABASE_URL=postgres://... aos doctor --json
            """);
        command.SetAction((parsed, cancel) => WithAsync(parsed, async services =>
        {
            var findings = await services.GetRequiredService<IDoctor>().LookAsync(cancel);
            var isOk = findings.All(finding => finding.Level != FindingLevel.Problem);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(ToJson(findings, isOk));
            else foreach (var finding in findings) Print(finding);
            return isOk ? 0 : 1;
        }));
        return command;
    }

    internal static Command Migrate()
    {
        var status = new Command("status", "Lists the store's migrations: applied, pending, newer (of a newer build), breaking, changed.");
        status.SetAction((parsed, cancel) => WithAsync(parsed, async services =>
        {
            foreach (var line in await services.GetRequiredService<IMigrations>().LookAsync(cancel))
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(ToJson(line));
                else Console.Out.WriteLine($"{Word(line.State),-9} {line.Room} {line.Number}  {line.Name}");
            }

            return 0;
        }));
        var up = new Command("up", "Applies what is pending, beside running nodes. What would break nodes of older builds waits until they are gone.");
        up.SetAction((parsed, cancel) => WithAsync(parsed, async services =>
        {
            var migrations = services.GetRequiredService<IMigrations>();
            var ran = await migrations.UpAsync(cancel);
            var left = (await migrations.LookAsync(cancel)).Count(line => line.State == MigrationState.Pending);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(Counts(ran, left));
            else Console.Out.WriteLine(left == 0 ? $"{ran} applied, none pending" : $"{ran} applied, {left} left until no node of an older build is alive (aos nodes)");
            return 0;
        }));
        return new Command("migrate", "Shows or applies the migrations of the store. A node that starts applies them by itself.\n\nExample: aos migrate status") { status, up };
    }

    private static async Task<int> WithAsync(ParseResult parsed, Func<ServiceProvider, Task<int>> work)
    {
        if (Composition.Unavailable() is { } unavailable) return Report.Fail(5, unavailable);
        var place = CommandLine.Place(parsed);
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(place.Data, place.Workspace));
        await using var provider = services.BuildServiceProvider();
        try
        {
            return await work(provider);
        }
        catch (Exception e) when (e is StoreRefusedException or JournalUnavailableException or DataDirectoryHeldException or StoreCorruptException or UnauthorizedAccessException)
        {
            return Report.Fail(5, e.Message);
        }
    }

    private static void Print(Finding finding)
    {
        Console.Out.WriteLine($"{finding.Level.ToString().ToLowerInvariant(),-8} {finding.Check,-12} {finding.Message}");
        if (finding.Advice is { } advice) Console.Out.WriteLine($"{"",-8} {"",-12} {advice}");
    }

    private static JsonElement ToJson(IReadOnlyList<Finding> findings, bool isOk) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("ok", isOk);
        writer.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("check", finding.Check);
            writer.WriteString("level", finding.Level.ToString().ToLowerInvariant());
            writer.WriteString("message", finding.Message);
            writer.WriteString("advice", finding.Advice);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static JsonElement ToJson(MigrationLine line) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("room", line.Room);
        writer.WriteNumber("number", line.Number);
        writer.WriteString("name", line.Name);
        writer.WriteString("state", Word(line.State));
        writer.WriteEndObject();
    });

    private static JsonElement Counts(int ran, int left) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("applied", ran);
        writer.WriteNumber("pending", left);
        writer.WriteEndObject();
    });

    private static string Word(MigrationState state) => state.ToString().ToLowerInvariant();
}
