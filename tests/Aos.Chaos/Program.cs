using Aos.Chaos;

// Kills the server with runs in flight, again and again, and counts what a receiver outside saw; or weighs sleeping runs.
var settings = Settings.Read(args);
if (settings is null)
{
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}

if (settings.Earlier is not null) return await Upgrade.RunAsync(settings);
if (settings.Nodes > 0) return await ClusterProof.RunAsync(settings);
return settings.Sleepers > 0
    ? await new Sleepers(settings.Sleepers, settings.Due, settings.Binary).RunAsync()
    : await new Proof(settings).RunAsync();
