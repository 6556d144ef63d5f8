using Aos.Chaos;

// Kills the server with runs in flight, again and again, and counts what a receiver outside saw.
var settings = Settings.Read(args);
if (settings is null)
{
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}

return await new Proof(settings).RunAsync();
