using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos tenants</c>: names and quotas of tenants.</summary>
internal static class TenantsVerb
{
    private static readonly (string Member, string Option, string What)[] Quotas =
    [
        ("runs_per_day", "--runs-per-day", "Runs that may be started in a day of UTC"),
        ("tokens_per_month", "--tokens-per-month", "Tokens that models may read and write in a month of UTC"),
        ("concurrent_runs", "--concurrent-runs", "Runs at work at once; further ones are queued"),
        ("storage_bytes", "--storage-bytes", "Bytes of events and of the key-value store"),
    ];

    internal static Command Command()
    {
        var command = new Command("tenants", """
            Lists the tenants that have a name or quotas, with their quotas. Needs a key of the house.

            Examples:
              aos tenants
              aos tenants show acme
              aos tenants set acme --name 'Acme Ltd' --runs-per-day 10000 --tokens-per-month 5000000
              aos tenants set acme --runs-per-day none
            """)
        {
            Show(), Set(),
        };
        command.Aliases.Add("tenant");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            string? after = null;
            do
            {
                var page = await house.AskAsync(HttpMethod.Get, $"api/v1/tenants?limit=1000{(after is null ? "" : "&after=" + Uri.EscapeDataString(after))}", null, cancel);
                foreach (var tenant in page.GetProperty("tenants").EnumerateArray()) Tell(parsed, tenant);
                after = page.GetText("next");
            }
            while (after is not null);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<string>("tenant") { Description = "Id of the tenant." };
        var command = new Command("show", "Shows a tenant's quotas and what it has used of them.\n\nExample: aos tenants show acme") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Get, $"api/v1/tenants/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Set()
    {
        var id = new Argument<string>("tenant") { Description = "Id of the tenant." };
        var name = new Option<string?>("--name") { Description = "What people call it.", HelpName = "TEXT" };
        var limits = Quotas.Select(quota => (quota.Member, Option: new Option<string?>(quota.Option) { Description = $"{quota.What}; 0 for none, 'none' for no limit.", HelpName = "NUMBER" })).ToList();
        var command = new Command("set", "Sets a tenant's name and quotas; what is not named stays. Holds on all nodes within a second.\n\nExample: aos tenants set acme --runs-per-day 10000") { id, name };
        foreach (var (_, option) in limits) command.Options.Add(option);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var order = Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (parsed.GetValue(name) is { } text) writer.WriteString("name", text);
                writer.WriteStartObject("quota");
                foreach (var (member, option) in limits)
                {
                    if (parsed.GetValue(option) is { } value) WriteLimit(writer, member, value);
                }

                writer.WriteEndObject();
                writer.WriteEndObject();
            });
            Tell(parsed, await house.AskAsync(HttpMethod.Put, $"api/v1/tenants/{Uri.EscapeDataString(parsed.GetValue(id)!)}", order, cancel));
            return 0;
        }, cancel));
        return command;
    }

    /// <summary>What is no number goes to the server as it is, which says what is wrong with it.</summary>
    private static void WriteLimit(Utf8JsonWriter writer, string member, string value)
    {
        if (value == "none") writer.WriteNull(member);
        else if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) writer.WriteNumber(member, number);
        else writer.WriteString(member, value);
    }

    private static void Tell(ParseResult parsed, JsonElement tenant)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(tenant);
            return;
        }

        Console.Out.WriteLine($"{tenant.GetText("id")}{(tenant.GetText("name") is { } name ? $" ({name})" : "")}");
        foreach (var (member, _, what) in Quotas)
        {
            var used = tenant.Get("usage")?.Get(member switch { "runs_per_day" => "runs_today", "tokens_per_month" => "tokens_this_month", var same => same });
            Console.Out.WriteLine($"  {member,-18} {Told(tenant.GetProperty("quota").GetProperty(member)),12}{(used is { ValueKind: JsonValueKind.Number } number ? $"   used {number.GetRawText()}" : "")}");
        }
    }

    private static string Told(JsonElement limit) => limit.ValueKind == JsonValueKind.Number ? limit.GetRawText() : "no limit";
}
