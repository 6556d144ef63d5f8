using System.CommandLine;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Aos.App.Cli;

/// <summary><c>aos serve</c>. The first line on standard output says the URL.</summary>
internal static class ServeVerb
{
    internal static Command Command()
    {
        var port = new Option<int>("--port") { Description = "Port; 0 takes a free one. Default 8000.", DefaultValueFactory = _ => 8000, HelpName = "PORT" };
        var host = new Option<string>("--host") { Description = "Address to listen on. Default 127.0.0.1.", DefaultValueFactory = _ => "127.0.0.1", HelpName = "ADDRESS" };
        var workspace = new Option<string?>("--workspace") { Description = "Folder of the file skills. Default: AOS_WORKSPACE_ROOT, else DATA/workspace.", HelpName = "DIR" };
        var command = new Command("serve", """
            Serves the HTTP API, and the data directory's own commands over DATA/aos.sock.

            Examples:
              aos serve
              AOS_API_KEY=secret aos serve --host 0.0.0.0 --port 8000 --data /var/lib/aos
            """)
        {
            port, host, workspace,
        };
        command.SetAction((parsed, cancel) =>
        {
            var folder = HouseOptions.DataOf(parsed.GetValue(CommandLine.Data));
            return ServeAsync(parsed.GetValue(host)!, parsed.GetValue(port), new HouseOptions(folder, HouseOptions.WorkspaceOf(parsed.GetValue(workspace), folder)), cancel);
        });
        return command;
    }

    private static async Task<int> ServeAsync(string host, int port, HouseOptions house, CancellationToken cancel)
    {
        if (Composition.ServerUnavailable() is { } unavailable) return Report.Fail(5, unavailable);
        if (port is < 0 or > 65535) return Report.Fail(2, $"{port} is no port; 0 to 65535.");
        try
        {
            await using var app = AosServer.Build(host, port, house);
            await app.StartAsync(cancel);
            var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(address => !address.Contains("unix:", StringComparison.Ordinal));
            await Console.Out.WriteLineAsync($"AOS listening on {url}");
            await app.WaitForShutdownAsync(cancel);
            return 0;
        }
        catch (Exception e) when (e is DataDirectoryHeldException or StoreCorruptException or StoreRefusedException or JournalUnavailableException or KeyringLockedException or IOException or UnauthorizedAccessException)
        {
            return Report.Fail(5, e.Message);
        }
        catch (SkillsUnusableException e)
        {
            return Report.Fail(5, $"CONFIG_INVALID: {e.Message}");
        }
    }
}
