#!/bin/bash
# Training on several machines under Slurm: two nodes, one worker and one GPU each.
#
#     sbatch deploy/slurm.sh --dataset=places365 --data_dir=DIR --run_dir=runs/places365
#
# From the repository's root, with the environment active that has requirements.txt, in a folder that
# all nodes see. The arguments go to train.py.
#
# A minute before the time limit, and when the job is preempted, Slurm sends the workers SIGTERM: they
# save and leave with code 75, and so do the others of one that dies. The job is then put into the
# queue again and goes on from the last checkpoint.
#SBATCH --job-name=inpainting
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-task=1
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=inpainting-%j.log
set -u
MOST_RESTARTS=50

# Each worker finds the others by itself, from the variables that srun sets. One that leaves must not
# have the others killed, for they are about to save.
srun --kill-on-bad-exit=0 --wait=0 \
  python train.py --strategy=multi_worker --resume_or_start "$@"
code=$?

# srun gives the highest code of all workers. 1 and 2 (a loss is no longer finite, bad input) would
# only come again; 75 is a worker that was told to leave or lost another, above 128 one that was
# killed.
if [ "$code" -ge 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$MOST_RESTARTS" ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
