"""Operating a stage: the bodies of make's synth, diff, deploy, first-admin, secret, smoke and destroy."""
