"""The Bayesian random-effects model, by quadrature."""
