using Aos.Client;
using Spectre.Console;

namespace Aos.App.Cli.Watch;

/// <summary>
/// Follows a run and its child runs and shows them on standard error: on a terminal as a tree that is drawn anew as things change,
/// elsewhere as one line for each change.
/// </summary>
internal sealed class Watcher(IHouse house, TimeProvider clock, bool isTerminal, TextWriter output)
{
    /// <summary>Child runs within child runs that are followed.</summary>
    private const int DepthMax = 8;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly List<Task> followed = [];

    /// <summary>Until the run is over or <paramref name="enough"/> ends. What was seen last stays on the screen.</summary>
    internal async Task FollowAsync(string run, CancellationToken enough)
    {
        var root = new WatchedRun(run);
        Track(FollowAsync(root, "", 0, enough));
        if (!isTerminal)
        {
            await AllAsync();
            return;
        }

        var screen = Screen(output, WatchScreen.Width);
        await screen.Live(Drawn(root)).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            var all = AllAsync();
            while (!all.IsCompleted)
            {
                await Task.WhenAny(all, Task.Delay(Pace, clock, CancellationToken.None));
                live.UpdateTarget(Drawn(root));
                live.Refresh();
            }

            await all;
        });
    }

    /// <summary>A screen that draws colours and moves the cursor.</summary>
    internal static IAnsiConsole Screen(TextWriter output, int width)
    {
        var screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.Standard, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output),
        });
        screen.Profile.Width = width;
        screen.Profile.Capabilities.Unicode = true;
        return screen;
    }

    private Spectre.Console.Rendering.IRenderable Drawn(WatchedRun root)
    {
        lock (gate) return WatchTree.Of(root, clock.GetUtcNow());
    }

    private void Track(Task task)
    {
        lock (gate) followed.Add(task);
    }

    /// <summary>Children come while their parents are followed.</summary>
    private async Task AllAsync()
    {
        for (var done = 0; ; done++)
        {
            Task next;
            lock (gate)
            {
                if (done == followed.Count) return;
                next = followed[done];
            }

            await next;
        }
    }

    private async Task FollowAsync(WatchedRun run, string path, int depth, CancellationToken enough)
    {
        var seen = 0;
        try
        {
            while (!run.IsOver)
            {
                try
                {
                    await foreach (var message in house.FollowAsync(run.Id, seen, follow: true, enough, deltas: true))
                    {
                        seen = message.Seq;
                        Take(run, message, path, depth, enough);
                    }

                    if (seen > 0) return;
                }
                catch (AosException e) when (depth > 0)
                {
                    if (e.Code != "RUN_NOT_FOUND") return; // It cannot be read: the run that waits for it goes on being shown.
                    // Else a child run that is about to begin.
                }

                await Task.Delay(Pace, clock, enough);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for more; what the caller does next says why.
        }
    }

    private void Take(WatchedRun run, RunEventMessage message, string path, int depth, CancellationToken enough)
    {
        lock (gate)
        {
            if (!isTerminal)
            {
                foreach (var line in WatchLines.Of(run.Written(message), path)) output.WriteLine(line);
            }

            var change = run.Apply(message);
            if (change is null) return;
            if (!isTerminal)
            {
                foreach (var line in WatchLines.Of(change, path)) output.WriteLine(line);
            }

            if (message.Kind == "wait.started.v1" && change.Step is { Child: { } child, Id: var step } && depth < DepthMax)
                followed.Add(FollowAsync(child, $"{path}{step}/", depth + 1, enough));
        }
    }
}
