using System.Text.Json;
using Aos.App.Server;
using Aos.Client;
using Aos.Contracts;
using Aos.Storage;

namespace Aos.App.Cli;

/// <summary>Which house a command uses: the server that is configured, else the process that holds the data directory, else this process.</summary>
internal static class Houses
{
    /// <summary>How long to wait for a process that holds the data directory and does not listen (yet).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Does the work in the right house and tells what goes wrong.</summary>
    /// <param name="refused">Exit code of what the house refuses or fails; null: by its status.</param>
    internal static async Task<int> InAsync(Place place, Func<IHouse, Task<int>> work, CancellationToken cancel, int? refused = null)
    {
        try
        {
            await using var house = await OpenAsync(place, cancel);
            return await work(house);
        }
        catch (AosException e)
        {
            return Report.Fail(e, refused);
        }
        catch (PlanFileException e)
        {
            return Report.Fail(refused ?? 2, e.Message);
        }
        catch (SkillsUnusableException e)
        {
            return Report.Fail(refused ?? 5, $"CONFIG_INVALID: {e.Message}");
        }
        catch (UnavailableException e)
        {
            return Report.Fail(refused ?? 5, e.Message);
        }
        catch (ArchiveUnreadableException e)
        {
            return Report.Fail(refused ?? 1, $"{e.Failure.Code}: {e.Message}");
        }
        catch (Exception e) when (e is DataDirectoryHeldException or StoreCorruptException or StoreRefusedException or JournalUnavailableException or JournalCorruptException or KeyringLockedException or UnauthorizedAccessException)
        {
            return Report.Fail(refused ?? 5, e.Message);
        }
    }

    private static string? Key() => Composition.Secrets.Find("AOS_API_KEY") is var key && key.Problem is { } problem ? throw new UnavailableException($"CONFIG_INVALID: {problem}") : key.Value;

    private static async Task<IHouse> OpenAsync(Place place, CancellationToken cancel)
    {
        if (place.Server is { } server)
        {
            return Uri.TryCreate(server, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? RemoteHouse.At(uri, Key())
                : throw new UnavailableException($"'{server}' is no http address. Example: --server http://127.0.0.1:8000");
        }

        if (Composition.Unavailable() is { } unavailable) throw new UnavailableException(unavailable);
        var options = new HouseOptions(place.Data, place.Workspace);
        if (Composition.IsShared(options)) return new LocalHouse(await Embedded.OpenAsync(options, place.Plan, cancel));
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            if (await OwnerSocket.ConnectAsync(place.Data, cancel) is { } socket) return RemoteHouse.Over(place.Data, socket);
            try
            {
                return new LocalHouse(await Embedded.OpenAsync(options, place.Plan, cancel));
            }
            catch (DataDirectoryHeldException) when (TimeProvider.System.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Pause, TimeProvider.System, cancel);
            }
        }
    }
}

/// <summary>The command cannot be carried out as things are set.</summary>
internal sealed class UnavailableException(string message) : Exception(message);

/// <summary>Where a command looks for its house.</summary>
/// <param name="Server">Address of a server, or null: none is configured.</param>
internal sealed record Place(string? Server, string Data, string Workspace)
{
    /// <summary>The plan that the command is about to run, while its file is read; a house in this process looks at it as it opens.</summary>
    internal Task<JsonElement>? Plan { get; init; }
}
