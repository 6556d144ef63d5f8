return Aos.Simulation.Campaign.Start(args);
