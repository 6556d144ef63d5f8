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
        var port = new Option<int>("--port") { Description = "Port; 0 takes a free one. Default 8000.", DefaultValueFactory = _ => 8000 };
        var host = new Option<string>("--host") { Description = "Address to listen on. Default 127.0.0.1.", DefaultValueFactory = _ => "127.0.0.1" };
        var workspace = new Option<string?>("--workspace") { Description = "Folder of the file skills. Default: AOS_WORKSPACE_ROOT, else DATA/workspace." };
        var data = CommandLine.Data();
        var command = new Command("serve", "Serves the HTTP API.\n\nExample: aos serve --port 8000 --data ./data") { port, host, workspace, data };
        command.SetAction((parsed, cancel) =>
        {
            var folder = HouseOptions.DataOf(parsed.GetValue(data));
            return ServeAsync(parsed.GetValue(host)!, parsed.GetValue(port), new HouseOptions(folder, HouseOptions.WorkspaceOf(parsed.GetValue(workspace), folder)), cancel);
        });
        return command;
    }

    private static async Task<int> ServeAsync(string host, int port, HouseOptions house, CancellationToken cancel)
    {
        if (Composition.Unavailable() is { } unavailable) return CommandLine.Fail(5, unavailable);
        try
        {
            await using var app = AosServer.Build(host, port, house);
            await app.StartAsync(cancel);
            var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            Console.WriteLine($"AOS listening on {url}");
            await app.WaitForShutdownAsync(cancel);
            return 0;
        }
        catch (Exception e) when (e is DataDirectoryHeldException or StoreCorruptException or JournalUnavailableException or IOException)
        {
            return CommandLine.Fail(5, e.Message);
        }
    }
}
